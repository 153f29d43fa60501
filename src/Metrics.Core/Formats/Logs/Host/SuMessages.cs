using Metrics.Model;

namespace Metrics.Formats.Logs.Host;

/// <summary>su of util-linux, of shadow and of BSD.</summary>
/// <remarks>
/// <code>
/// (to root) ann on pts/0                      FAILED SU (to root) ann on pts/0
/// Successful su for root by ann               FAILED su for root by ann
/// ann to root on /dev/pts/0                   BAD SU ann to root on /dev/pts/0
/// </code>
/// shadow's <c>+ /dev/pts/0 ann:root</c> tells the same again, and stays a log line.
/// https://github.com/util-linux/util-linux/blob/master/login-utils/su-common.c
/// </remarks>
public static class SuMessages
{
    /// <summary>The program <c>su</c>.</summary>
    public static LogMessageFormat Format { get; } = new("su", TryRead, "su");

    private static bool TryRead(ReadOnlySpan<byte> text, LogRecord record)
    {
        bool failed = text.TryTake("FAILED SU "u8) || text.TryTake("FAILED su "u8) || text.TryTake("BAD SU "u8);
        if (text.TryTake("(to "u8))
        {
            return text.TryTakeUntil(") "u8, out ReadOnlySpan<byte> target)
                && Set(record, failed, Before(text, " on "u8), target);
        }
        if (text.TryTake("Successful su for "u8) || text.TryTake("for "u8))
            return text.TryTakeUntil(" by "u8, out ReadOnlySpan<byte> target) && Set(record, failed, text, target);
        return text.IndexOf(" on /dev/"u8) > 0 && text.TryTakeUntil(" to "u8, out ReadOnlySpan<byte> user)
            && Set(record, failed, user, Before(text, " on "u8));
    }

    private static bool Set(LogRecord record, bool failed, ReadOnlySpan<byte> user, ReadOnlySpan<byte> target)
    {
        record.SetKind(EventKinds.HostSudo, !failed);
        record.Set(EventFields.UserName, user);
        record.Set(EventFields.EffectiveUserName, target);
        return true;
    }

    private static ReadOnlySpan<byte> Before(ReadOnlySpan<byte> text, ReadOnlySpan<byte> mark)
    {
        int end = text.LastIndexOf(mark);
        return end < 0 ? text : text[..end];
    }
}
