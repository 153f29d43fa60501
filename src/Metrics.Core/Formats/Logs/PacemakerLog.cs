namespace Metrics.Formats.Logs;

/// <summary>What Pacemaker's daemons and Corosync send to syslog: their level stands in the text.</summary>
/// <remarks>
/// <code>
/// notice: State transition S_IDLE -> S_POLICY_ENGINE
/// error: Resource start-up disabled since no STONITH resources have been defined
/// </code>
/// https://clusterlabs.org/projects/pacemaker/doc/
/// </remarks>
public static class PacemakerLog
{
    /// <summary>Texts of the daemons.</summary>
    public static LogMessageFormat Message { get; } = new(
        "pacemaker",
        TryRead,
        "pacemakerd",
        "pacemaker-attrd",
        "pacemaker-based",
        "pacemaker-controld",
        "pacemaker-execd",
        "pacemaker-fenced",
        "pacemaker-schedulerd");

    private static bool TryRead(ReadOnlySpan<byte> message, LogRecord record)
    {
        ReadOnlySpan<byte> rest = message.TrimStart((byte)' ');
        return LogText.TryTakeUntil(ref rest, (byte)':', out ReadOnlySpan<byte> level, 10) && LogLevels.TrySet(record, level);
    }
}
