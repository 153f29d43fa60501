using Metrics.Model;

namespace Metrics.Formats.Logs.Host;

/// <summary>Modules of PAM that let somebody not in whatever the password is: locks, counts of failures, lists.</summary>
internal static class PamRefusals
{
    /// <summary>Reads the text of such a module.</summary>
    /// <param name="module">Its name, without <c>pam_</c>.</param>
    /// <param name="text">The text.</param>
    /// <param name="service">The program that has called it.</param>
    /// <param name="record">Gets what it says.</param>
    public static bool TryRead(ReadOnlySpan<byte> module, ReadOnlySpan<byte> text, ReadOnlySpan<byte> service, LogRecord record) =>
        (module.SequenceEqual("faillock"u8) && TryReadLock(text, record))
        || (module.StartsWith("tally"u8) && TryReadTally(text, service, record))
        || (module.SequenceEqual("access"u8) && TryReadAccess(text, service, record))
        || (module.SequenceEqual("listfile"u8) && TryReadListFile(text, service, record));

    private static bool TryReadLock(ReadOnlySpan<byte> text, LogRecord record)
    {
        if (!text.TryTake("Consecutive login failures for user "u8) || !text.TryTakeEnd(" account temporarily locked"u8))
            return false;
        record.SetKind(EventKinds.HostAccount, succeeded: true);
        record.Set(EventFields.Action, "locked");
        record.Set(EventFields.Reason, "consecutive login failures");
        record.Set(EventFields.TargetUserName, text);
        return true;
    }

    /// <summary><c>user NAME (N) [has time limit …|]tally N, deny N</c>: refused, for it has failed too often.</summary>
    private static bool TryReadTally(ReadOnlySpan<byte> text, ReadOnlySpan<byte> service, LogRecord record)
    {
        int open = text.LastIndexOf(" ("u8);
        if (!text.StartsWith("user "u8) || open < 5 || text.IndexOf(", deny "u8) < 0)
            return false;
        SetRefused(service, text[5..open], text[(text.LastIndexOf(") "u8) + 2)..], record);
        return true;
    }

    /// <summary><c>access denied for user `NAME' from `SOURCE'</c>; without source it is a terminal.</summary>
    private static bool TryReadAccess(ReadOnlySpan<byte> text, ReadOnlySpan<byte> service, LogRecord record)
    {
        if (!text.TryTake("access denied for user `"u8) || !text.TryTakeEnd("'"u8))
            return false;
        int from = text.LastIndexOf("' from `"u8);
        if (from < 0)
            return false;
        ReadOnlySpan<byte> source = text[(from + 8)..];
        SetRefused(service, text[..from], "access denied"u8, record);
        // `pts/0' and `cron' are no sources.
        if (LogText.IsAddress(source) || source.Contains((byte)'.'))
            record.SetSource(source);
        return true;
    }

    private static bool TryReadListFile(ReadOnlySpan<byte> text, ReadOnlySpan<byte> service, LogRecord record)
    {
        int end = text.TryTake("Refused user "u8) ? text.LastIndexOf(" for service "u8) : -1;
        if (end < 0)
            return false;
        SetRefused(service, text[..end], "refused by a list"u8, record);
        return true;
    }

    private static void SetRefused(ReadOnlySpan<byte> service, ReadOnlySpan<byte> user, ReadOnlySpan<byte> reason, LogRecord record)
    {
        PamUse use = PamUses.Of(service);
        if (use is not (PamUse.Other or PamUse.Account))
            record.SetKind(use == PamUse.Login ? EventKinds.HostLogin : EventKinds.HostSudo, succeeded: false);
        record.Set(EventFields.Action, "refused");
        record.Set(EventFields.UserName, user);
        record.Set(EventFields.Reason, reason);
    }
}
