using Metrics.Model;

namespace Metrics.Formats.Logs.Servers;

/// <summary>libvirt's own log, and the one that it keeps for each instance.</summary>
/// <remarks>
/// <code>
/// 2026-11-26 10:00:00.843+0000: starting up libvirt version: 10.0.0, package: …, qemu version: 8.2.2…, hostname: cmp-1
/// 2026-11-26 10:00:00.843+0000: shutting down, reason=crashed
/// 2026-11-26 10:00:00.843+0000: 1603: error : qemuMonitorIO:594 : internal error: End of file from qemu monitor
/// </code>
/// https://libvirt.org/logging.html
/// </remarks>
public static class LibvirtLog
{
    /// <summary>The format <c>libvirt</c>.</summary>
    public static LogFormat Format { get; } = new("libvirt", TryRead, Continues);

    private static bool TryRead(ReadOnlySpan<byte> text, LogContext context, LogRecord record)
    {
        if (text.Length < 30 || text[10] != ' ' || !LogTimes.TryDate(text, context.Zone, out long time, out int length) || length != 28)
            return false;
        ReadOnlySpan<byte> rest = text[length..];
        if (!LogText.TryTake(ref rest, ": "u8))
            return false;
        record.Time = time;
        record.Set(EventFields.Service, "libvirt");
        record.MessageLength = rest.Length;
        ReadText(rest, record);
        return true;
    }

    private static bool Continues(ReadOnlySpan<byte> first, ReadOnlySpan<byte> line) =>
        line.Length < 29 || line[4] != '-' || line[7] != '-' || line[28] != ':';

    private static void ReadText(ReadOnlySpan<byte> text, LogRecord record)
    {
        if (text.StartsWith("starting up libvirt version: "u8))
        {
            record.Set(EventFields.Action, "start");
        }
        else if (LogText.TryTake(ref text, "shutting down, reason="u8))
        {
            record.Set(EventFields.Action, "stop");
            record.Set(EventFields.Reason, text);
        }
        else if (LogText.TryTakeUntil(ref text, (byte)':', out ReadOnlySpan<byte> thread, 10) && LogText.IsNumber(thread)
            && LogText.TryTake(ref text, " "u8) && LogText.TryTakeUntil(ref text, (byte)' ', out ReadOnlySpan<byte> level, 10))
        {
            record.Set(EventFields.ProcessId, thread);
            record.MessageLength = text.Length;
            LogLevels.TrySet(record, level);
        }
    }
}
