using Metrics.Model;

namespace Metrics.Formats.Logs.Host;

/// <summary>Packets that a rule of iptables or nftables has logged; its prefix becomes <c>rule.name</c>.</summary>
/// <remarks>
/// <code>
/// [UFW BLOCK] IN=eth0 OUT= MAC=… SRC=192.0.2.7 DST=198.51.100.1 LEN=44 … PROTO=TCP SPT=52220 DPT=22 WINDOW=1024 RES=0x00 SYN URGP=0
/// IN=eth0 OUT= MACSRC=… MACDST=… MACPROTO=0806 ARP HTYPE=1 PTYPE=0x0800 OPCODE=1 MACSRC=… IPSRC=192.0.2.7 MACDST=… IPDST=192.0.2.1
/// </code>
/// The packet that an ICMP error is about stands in brackets, and is not the one that was logged.
/// https://github.com/torvalds/linux/blob/master/net/netfilter/nf_log_syslog.c
/// </remarks>
internal static class NetfilterText
{
    /// <summary>The program <c>ulogd</c>, which writes what the kernel would.</summary>
    public static LogMessageFormat Ulogd { get; } = new("netfilter", TryRead, "ulogd", "ulogd2");

    /// <summary>Reads a text of the kernel, or of ulogd.</summary>
    public static bool TryRead(ReadOnlySpan<byte> message, LogRecord record)
    {
        int outAt = message.IndexOf(" OUT="u8);
        int inAt = outAt < 0 ? -1 : message[..outAt].LastIndexOf("IN="u8);
        if (inAt < 0 || message[inAt..outAt].Contains((byte)' '))
            return false;
        ReadOnlySpan<byte> text = message[(outAt + 5)..];
        ReadOnlySpan<byte> egress = text.TakeWord();
        Packet packet = Read(text);
        if (packet.Source.IsEmpty)
            return false;
        record.Kind = EventKinds.FirewallPacket;
        record.Set(EventFields.RuleName, message[..inAt].Trim(" []:-"u8));
        record.Set(EventFields.Interface, message[(inAt + 3)..outAt]);
        record.Set(EventFields.EgressInterface, egress);
        record.SetSource(packet.Source);
        record.Set(EventFields.SourcePort, packet.SourcePort);
        record.Set(EventFields.DestinationIp, packet.Destination);
        record.Set(EventFields.DestinationPort, packet.DestinationPort);
        SetTransport(packet.Protocol, record);
        return true;
    }

    private static Packet Read(ReadOnlySpan<byte> text)
    {
        Packet packet = default;
        while (!text.IsEmpty)
        {
            ReadOnlySpan<byte> word = text.TakeWord();
            if (word.StartsWith("["u8))
                break;
            int equals = word.IndexOf((byte)'=');
            if (equals < 0)
                continue;
            ReadOnlySpan<byte> name = word[..equals], value = word[(equals + 1)..];
            if (name.SequenceEqual("SRC"u8) || name.SequenceEqual("IPSRC"u8))
                packet.Source = value;
            else if (name.SequenceEqual("DST"u8) || name.SequenceEqual("IPDST"u8))
                packet.Destination = value;
            else if (name.SequenceEqual("SPT"u8))
                packet.SourcePort = value;
            else if (name.SequenceEqual("DPT"u8))
                packet.DestinationPort = value;
            else if (name.SequenceEqual("PROTO"u8))
                packet.Protocol = value;
        }
        return packet;
    }

    private static void SetTransport(ReadOnlySpan<byte> protocol, LogRecord record)
    {
        if (protocol.SequenceEqual("TCP"u8))
            record.Set(EventFields.Transport, "tcp");
        else if (protocol.SequenceEqual("UDP"u8))
            record.Set(EventFields.Transport, "udp");
        else if (protocol.SequenceEqual("ICMP"u8))
            record.Set(EventFields.Transport, "icmp");
        else if (protocol.SequenceEqual("ICMPv6"u8))
            record.Set(EventFields.Transport, "ipv6-icmp");
        else
            record.Set(EventFields.Transport, protocol);
    }

    private ref struct Packet
    {
        public ReadOnlySpan<byte> Source;
        public ReadOnlySpan<byte> SourcePort;
        public ReadOnlySpan<byte> Destination;
        public ReadOnlySpan<byte> DestinationPort;
        public ReadOnlySpan<byte> Protocol;
    }
}
