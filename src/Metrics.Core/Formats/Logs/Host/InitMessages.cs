using Metrics.Model;

namespace Metrics.Formats.Logs.Host;

/// <summary>What there was before systemd: init of System V, upstart, and the scripts that started services.</summary>
/// <remarks>
/// <code>
/// Switching to runlevel: 6                                            init; 0 is halt
/// nova-compute main process (1234) terminated with status 1           upstart
/// nova-compute main process ended, respawning
/// cupsd startup succeeded                                             scripts of Red Hat, under their own name
/// shutting down for system reboot                                     shutdown
/// </code>
/// </remarks>
public static class InitMessages
{
    /// <summary>The program <c>init</c>.</summary>
    public static LogMessageFormat Format { get; } = new("init", TryRead, "init", "INIT", "shutdown");

    /// <summary>Scripts that start services.</summary>
    public static LogMessageFormat Scripts { get; } = new("init", TryReadScript);

    internal static bool TryRead(ReadOnlySpan<byte> text, LogRecord record)
    {
        if (text.TryTake("Switching to runlevel: "u8))
            return TryReadDown(text.StartsWith("6"u8), text.StartsWith("0"u8), record);
        if (text.TryTake("shutting down for system "u8))
            return TryReadDown(text.StartsWith("reboot"u8), text.StartsWith("halt"u8), record);
        return text.TryTakeUntil(" main process "u8, out ReadOnlySpan<byte> name) && TryReadEnd(text, name, record);
    }

    private static bool TryReadDown(bool isReboot, bool isHalt, LogRecord record)
    {
        if (!isReboot && !isHalt)
            return false;
        record.Kind = EventKinds.HostReboot;
        record.Set(EventFields.Action, isReboot ? "reboot" : "halt");
        return true;
    }

    private static bool TryReadEnd(ReadOnlySpan<byte> text, ReadOnlySpan<byte> name, LogRecord record)
    {
        if (text.TryTake("("u8) && !text.TryTakeUntil(") "u8, out _))
            return false;
        // Asked to end, it ended.
        if (text.StartsWith("killed by TERM"u8)
            || !(text.StartsWith("killed by "u8) || text.StartsWith("terminated with "u8) || text.StartsWith("ended, respawning"u8)))
            return false;
        record.Kind = EventKinds.ServiceCrash;
        record.Set(EventFields.Service, name);
        record.Set(EventFields.Reason, text);
        return true;
    }

    private static bool TryReadScript(ReadOnlySpan<byte> message, LogRecord record)
    {
        ReadOnlySpan<byte> text = message.TrimEnd((byte)' ');
        bool succeeded = text.EndsWith(" succeeded"u8);
        if (!succeeded && !text.EndsWith(" failed"u8))
            return false;
        int end = text.IndexOf((byte)' ');
        int last = text.LastIndexOf((byte)' ');
        ReadOnlySpan<byte> what = end < last ? text[(end + 1)..last] : default;
        string? kind = what.SequenceEqual("startup"u8) ? EventKinds.ServiceStart
            : what.SequenceEqual("shutdown"u8) ? EventKinds.ServiceStop : null;
        if (kind is null || end == 0)
            return false;
        record.SetKind(kind, succeeded);
        record.Set(EventFields.Service, text[..end]);
        return true;
    }
}
