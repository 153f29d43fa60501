using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Metrics.Pollers.Probes;

/// <summary>An ICMP echo over a raw IPv4 socket, which also tells the reply's time to live.</summary>
/// <remarks>
/// RFC 792:
/// <code>
/// type (8 request, 0 reply) u8 · code u8 · checksum u16 · identifier u16 · sequence u16 · data
/// </code>
/// A received datagram begins with its IPv4 header: length in the low four bits of the first byte, in words; time to live in byte 8.
/// </remarks>
internal static class IcmpEcho
{
    private const int HeaderLength = 8;

    /// <summary>Sends a request and waits for its reply.</summary>
    /// <returns>The reply's time to live.</returns>
    /// <exception cref="SocketException">Raw sockets are not allowed here, or the network refuses.</exception>
    public static async Task<int> SendAsync(IPAddress address, IcmpProbeOptions options, CancellationToken ct)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Raw, ProtocolType.Icmp);
        if (options.TimeToLive is { } hops)
            socket.Ttl = (short)hops;
        if (options.DontFragment)
            socket.DontFragment = true;
        ushort identifier = (ushort)Random.Shared.Next(1 << 16);
        await socket.SendToAsync(Request(identifier, options.PayloadBytes), new IPEndPoint(address, 0), ct);
        byte[] buffer = new byte[ushort.MaxValue];
        while (true)
        {
            SocketReceiveFromResult received = await socket.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0), ct);
            if (TryReadReply(buffer.AsSpan(0, received.ReceivedBytes), identifier, out int timeToLive)
                && ((IPEndPoint)received.RemoteEndPoint).Address.Equals(address))
                return timeToLive;
        }
    }

    private static byte[] Request(ushort identifier, int payload)
    {
        byte[] packet = new byte[HeaderLength + payload];
        packet[0] = 8;
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(4), identifier);
        for (int i = HeaderLength; i < packet.Length; i++)
            packet[i] = (byte)('a' + (i % 26));
        uint sum = 0;
        for (int i = 0; i < packet.Length; i += 2)
            sum += i + 1 < packet.Length ? BinaryPrimitives.ReadUInt16BigEndian(packet.AsSpan(i)) : (uint)(packet[i] << 8);
        while (sum > ushort.MaxValue)
            sum = (sum & ushort.MaxValue) + (sum >> 16);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), (ushort)~sum);
        return packet;
    }

    internal static bool TryReadReply(ReadOnlySpan<byte> datagram, ushort identifier, out int timeToLive)
    {
        timeToLive = 0;
        int header = datagram.IsEmpty ? 0 : (datagram[0] & 0xf) * 4;
        if (header < 20 || datagram.Length < header + HeaderLength)
            return false;
        timeToLive = datagram[8];
        return datagram[header] == 0 && BinaryPrimitives.ReadUInt16BigEndian(datagram[(header + 4)..]) == identifier;
    }
}
