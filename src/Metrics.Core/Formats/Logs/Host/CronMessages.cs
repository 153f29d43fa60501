using Metrics.Model;

namespace Metrics.Formats.Logs.Host;

/// <summary>cron, and the tables of its users.</summary>
/// <remarks>
/// <code>
/// (root) CMD (run-parts /etc/cron.hourly)     a job: a log line with user and command
/// (ann) REPLACE (ann)                         crontab: who has changed whose table
/// </code>
/// </remarks>
public static class CronMessages
{
    /// <summary>The programs.</summary>
    public static LogMessageFormat Format { get; } = new("cron", TryRead, "CRON", "cron", "crond", "CROND", "crontab", "anacron", "atd");

    private static bool TryRead(ReadOnlySpan<byte> text, LogRecord record)
    {
        if (!text.TryTake("("u8) || !text.TryTakeUntil(") "u8, out ReadOnlySpan<byte> user)
            || !text.TryTakeUntil(" ("u8, out ReadOnlySpan<byte> what) || !text.TryTakeEnd(")"u8))
            return false;
        if (what.SequenceEqual("CMD"u8))
        {
            record.Set(EventFields.CommandLine, text.TrimStart((byte)' '));
        }
        else if (what.SequenceEqual("REPLACE"u8) || what.SequenceEqual("DELETE"u8))
        {
            record.Kind = EventKinds.ConfigChanged;
            record.Set(EventFields.Action, what);
            record.Set(EventFields.TargetUserName, text);
        }
        else
        {
            return false;
        }
        record.Set(EventFields.UserName, user);
        return true;
    }
}
