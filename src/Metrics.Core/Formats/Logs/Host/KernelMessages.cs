using System.Buffers;
using Metrics.Formats.Logs.Audit;
using Metrics.Model;

namespace Metrics.Formats.Logs.Host;

/// <summary>Linux: starts, packets that a firewall logs, links and bridges, and processes that it kills.</summary>
/// <remarks>
/// <code>
/// [    0.000000] Linux version 6.1.0-18-amd64 (debian-kernel@lists.debian.org) …
/// Kernel panic - not syncing: Fatal exception            reboot: Restarting system
/// ixgbe 0000:01:00.0 eth0: NIC Link is Up 10 Gbps, Flow Control: None
/// bond0: (slave eth1): link status definitely down, disabling slave
/// br0: port 1(eth0) entered disabled state
/// device eth0 left promiscuous mode           eth0: left promiscuous mode (from 6.5 on)
/// Out of memory: Killed process 1234 (nova-api) total-vm:…
/// nova-api[1234]: segfault at 0 ip 000055d0 sp 00007ffc error 4 in python3.11[…]
/// </code>
/// Of a process that was killed or has crashed, <c>process.name</c> and <c>process.pid</c> are its own. A process chooses its name: it is
/// what stands before the last bracket.
/// </remarks>
public static class KernelMessages
{
    private static readonly SearchValues<byte> s_stampBytes = SearchValues.Create(" .0123456789"u8);

    /// <summary>The program <c>kernel</c>.</summary>
    public static LogMessageFormat Format { get; } = new("kernel", TryRead, "kernel");

    private static bool TryRead(ReadOnlySpan<byte> message, LogRecord record)
    {
        ReadOnlySpan<byte> text = WithoutStamp(message);
        if (text.StartsWith("Linux version "u8))
        {
            record.Kind = EventKinds.HostReboot;
            record.Set(EventFields.Action, "boot");
            return true;
        }
        return TryReadDown(text, record) || NetfilterText.TryRead(text, record) || LinkText.TryRead(text, record)
            || TryReadBridge(text, record) || TryReadMode(text, record)
            || TryReadKilled(text, record) || TryReadFault(text, record)
            || TryReadOthers(text, record) || AuditMessages.TryReadKernel(text, record);
    }

    private static bool TryReadDown(ReadOnlySpan<byte> text, LogRecord record)
    {
        ReadOnlySpan<byte> panic = "Kernel panic - not syncing: "u8;
        string action = text.StartsWith("reboot: Restarting system"u8) ? "reboot"
            : text.StartsWith("reboot: Power down"u8) ? "poweroff"
            : text.StartsWith("reboot: System halted"u8) ? "halt"
            : text.StartsWith(panic) ? "panic" : "";
        if (action.Length == 0)
            return false;
        record.Kind = EventKinds.HostReboot;
        record.Set(EventFields.Action, action);
        if (action == "panic")
            record.Set(EventFields.Reason, text[panic.Length..]);
        return true;
    }

    /// <summary>Seconds since the start, where they are printed: <c>[ 12.345678] </c>.</summary>
    private static ReadOnlySpan<byte> WithoutStamp(ReadOnlySpan<byte> message)
    {
        if (message.Length < 4 || message[0] != '[')
            return message;
        int end = message.IndexOf("] "u8);
        return end > 1 && end < 24 && !message[1..end].ContainsAnyExcept(s_stampBytes) ? message[(end + 2)..] : message;
    }

    /// <summary><c>BRIDGE: port N(PORT) entered STATE state</c>; <c>entering</c> before 3.x.</summary>
    private static bool TryReadBridge(ReadOnlySpan<byte> text, LogRecord record)
    {
        if (!text.TryTakeEnd(" state"u8) || !text.TryTakeUntil(": port "u8, out ReadOnlySpan<byte> bridge)
            || !text.TryTakeUntil("("u8, out _) || !text.TryTakeUntil(") entere"u8, out ReadOnlySpan<byte> port)
            && !text.TryTakeUntil(") enterin"u8, out port))
            return false;
        text.TakeWord();
        record.Kind = EventKinds.NetworkBridge;
        record.Set(EventFields.NetworkName, bridge);
        record.Set(EventFields.Interface, port);
        record.Set(EventFields.Action, text);
        return true;
    }

    /// <summary><c>[DRIVER: |device ]NAME[:] entered|left promiscuous mode</c>.</summary>
    private static bool TryReadMode(ReadOnlySpan<byte> text, LogRecord record)
    {
        if (!text.EndsWith(" promiscuous mode"u8))
            return false;
        int mode = text.LastIndexOf(" entered "u8);
        if (mode < 0)
            mode = text.LastIndexOf(" left "u8);
        if (mode < 0)
            return false;
        ReadOnlySpan<byte> name = text[..mode].TrimEnd((byte)':');
        record.Kind = EventKinds.NetworkLink;
        record.Set(EventFields.Interface, name[(name.LastIndexOf((byte)' ') + 1)..]);
        record.Set(EventFields.Action, text[(mode + 1)..]);
        return true;
    }

    /// <summary><c>[…: ]Killed process N (NAME) total-vm:…</c>; the line before it, <c>Kill process</c>, tells the same.</summary>
    private static bool TryReadKilled(ReadOnlySpan<byte> text, LogRecord record)
    {
        if (!text.TryTakeUntil("Killed process "u8, out ReadOnlySpan<byte> before) || !(before.IsEmpty || before.EndsWith(": "u8)))
            return false;
        ReadOnlySpan<byte> process = text.TakeDigits();
        if (process.IsEmpty || !text.TryTakeUntil("("u8, out _))
            return false;
        int end = text.IndexOf(") total-vm"u8);
        end = end < 0 ? text.LastIndexOf((byte)')') : end;
        return end > 0 && SetCrash(record, text[..end], process, "out of memory");
    }

    /// <summary><c>NAME[N]: segfault at …</c>, <c>traps: NAME[N] general protection fault ip:…</c>.</summary>
    private static bool TryReadFault(ReadOnlySpan<byte> text, LogRecord record)
    {
        text.TryTake("traps: "u8);
        int end = text.IndexOf("]: segfault at "u8);
        string reason = "segfault";
        if (end < 0)
            (end, reason) = (text.IndexOf("] general protection "u8), "general protection fault");
        if (end < 0)
            (end, reason) = (text.IndexOf("] trap "u8), "trap");
        int open = end < 0 ? -1 : text[..end].LastIndexOf((byte)'[');
        return open > 0 && LogText.IsNumber(text[(open + 1)..end]) && SetCrash(record, text[..open], text[(open + 1)..end], reason);
    }

    private static bool SetCrash(LogRecord record, ReadOnlySpan<byte> name, ReadOnlySpan<byte> process, string reason)
    {
        record.Kind = EventKinds.ServiceCrash;
        record.Set(EventFields.Service, name);
        record.Set(EventFields.ProcessName, name);
        record.Set(EventFields.ProcessId, process);
        record.Set(EventFields.Reason, reason);
        return true;
    }

    /// <summary>klogd writes under the kernel's name, and so does whoever starts before there is a daemon to write to.</summary>
    private static bool TryReadOthers(ReadOnlySpan<byte> text, LogRecord record)
    {
        if (text.StartsWith("init: "u8))
            return InitMessages.TryRead(text["init: ".Length..], record);
        if (text.StartsWith("systemd[1]: "u8))
            return SystemdMessages.TryRead(text["systemd[1]: ".Length..], record);
        bool starts = text.StartsWith("klogd "u8) && text.TrimEnd((byte)' ').EndsWith(" started."u8);
        if (!starts && !text.StartsWith("Kernel log daemon terminating"u8))
            return false;
        record.SetKind(starts ? EventKinds.ServiceStart : EventKinds.ServiceStop, succeeded: true);
        record.Set(EventFields.Service, "klogd");
        return true;
    }
}
