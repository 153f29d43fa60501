using Metrics.Model;

namespace Metrics.Formats.Logs.Servers;

/// <summary>The logs of Open vSwitch and OVN, as their vlog writes them into files and to syslog.</summary>
/// <remarks>
/// <code>
/// 2026-11-26T10:00:00.395Z|00012|bridge|INFO|bridge br-int: added interface tap5f1c on port 7
/// 2026-11-26T10:00:00.395Z|00013|dpif(handler5)|WARN|system@ovs-system: failed to put[create] …
/// ovs|00012|vlog|INFO|opened log file /var/log/openvswitch/ovs-vswitchd.log          to syslog
/// </code>
/// ovs-appctl(8), vlog/set PATTERN; vswitchd/bridge.c, lib/daemon-unix.c
/// </remarks>
public static class VlogLog
{
    /// <summary>The format <c>vlog</c>.</summary>
    public static LogFormat Format { get; } = new("vlog", TryRead);

    /// <summary>The same lines behind the header of syslog or of a journal.</summary>
    public static LogMessageFormat Message { get; } = new("vlog", TryReadMessage);

    private static bool TryRead(ReadOnlySpan<byte> text, LogContext context, LogRecord record)
    {
        if (text.Length < 24 || text[10] != 'T' || !LogTimes.TryDate(text, context.Zone, out long time, out int length)
            || length >= text.Length || text[length] != '|' || !TryReadBehindTime(text[(length + 1)..], record))
        {
            return false;
        }
        record.Time = time;
        return true;
    }

    private static bool TryReadMessage(ReadOnlySpan<byte> message, LogRecord record)
    {
        ReadOnlySpan<byte> rest = message;
        return (LogText.TryTake(ref rest, "ovs|"u8) || LogText.TryTake(ref rest, "ovn|"u8)) && TryReadBehindTime(rest, record);
    }

    /// <summary><c>NUMBER|module[(thread)]|LEVEL|text</c></summary>
    private static bool TryReadBehindTime(ReadOnlySpan<byte> rest, LogRecord record)
    {
        if (!LogText.TryTakeUntil(ref rest, (byte)'|', out ReadOnlySpan<byte> number, 20) || !LogText.IsNumber(number)
            || !LogText.TryTakeUntil(ref rest, (byte)'|', out ReadOnlySpan<byte> module, 64)
            || !LogText.TryTakeUntil(ref rest, (byte)'|', out ReadOnlySpan<byte> level, 8) || !LogLevels.TrySet(record, level))
        {
            return false;
        }
        int thread = module.IndexOf((byte)'(');
        ReadOnlySpan<byte> name = thread < 0 ? module : module[..thread];
        record.Set(EventFields.Logger, name);
        record.MessageLength = rest.Length;
        if (name.SequenceEqual("bridge"u8))
            ReadBridge(rest, record);
        else if (name.SequenceEqual("daemon_unix"u8))
            ReadDaemon(rest, record);
        else if (name.SequenceEqual("ovs_vswitchd"u8) || name.SequenceEqual("vswitchd"u8) || name.SequenceEqual("ovsdb_server"u8))
            ReadStart(rest, record);
        return true;
    }

    /// <summary><c>bridge br-int: added interface tap5f1c on port 7</c>, <c>… deleted interface …</c></summary>
    private static void ReadBridge(ReadOnlySpan<byte> text, LogRecord record)
    {
        if (!LogText.TryTake(ref text, "bridge "u8) || !LogText.TryTakeUntil(ref text, (byte)' ', out _, 64))
            return;
        bool isAdded = LogText.TryTake(ref text, "added interface "u8);
        if (!isAdded && !LogText.TryTake(ref text, "deleted interface "u8))
            return;
        record.Kind = EventKinds.NetworkBridge;
        record.Set(EventFields.Action, isAdded ? "added" : "deleted");
        record.Set(EventFields.Interface, LogText.TakeWord(ref text));
    }

    /// <summary><c>1 crashes: pid 2893 died, killed (Segmentation fault), core dumped, restarting</c></summary>
    private static void ReadDaemon(ReadOnlySpan<byte> text, LogRecord record)
    {
        int died = text.IndexOf(" died, "u8);
        if (died < 0 || text.IndexOf("pid "u8) < 0)
            return;
        record.Kind = EventKinds.ServiceCrash;
        record.Set(EventFields.Reason, text[(died + 7)..]);
    }

    /// <summary><c>ovs-vswitchd (Open vSwitch) 2.17.9</c></summary>
    private static void ReadStart(ReadOnlySpan<byte> text, LogRecord record)
    {
        int version = text.IndexOf(" (Open vSwitch) "u8);
        if (version < 1)
            return;
        record.SetStart();
        if (!record.Has(EventFields.Service))
            record.Set(EventFields.Service, text[..version]);
        record.Set(EventFields.PackageVersion, text[(version + 16)..]);
    }
}
