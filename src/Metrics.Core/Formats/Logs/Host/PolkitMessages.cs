using Metrics.Model;

namespace Metrics.Formats.Logs.Host;

/// <summary>polkit and pkexec.</summary>
/// <remarks>
/// <code>
/// Operator of unix-session:1 successfully authenticated as unix-user:root to gain … for action A for … (owned by unix-user:ann)
/// Operator of unix-session:1 FAILED to authenticate to gain authorization for action A for … (owned by unix-user:ann)
/// ann: Executing command [USER=root] [TTY=unknown] [CWD=/home/ann] [COMMAND=/usr/bin/id]
/// ann: Error executing command as another user: Not authorized [USER=root] [TTY=unknown] [CWD=/home/ann] [COMMAND=/usr/bin/id]
/// </code>
/// https://github.com/polkit-org/polkit/blob/main/src/programs/pkexec.c
/// </remarks>
public static class PolkitMessages
{
    /// <summary>The daemon <c>polkitd</c>.</summary>
    public static LogMessageFormat Daemon { get; } = new("polkit", TryReadDaemon, "polkitd");

    /// <summary>The program <c>pkexec</c>.</summary>
    public static LogMessageFormat Format { get; } = new("pkexec", TryRead, "pkexec");

    private static bool TryReadDaemon(ReadOnlySpan<byte> text, LogRecord record)
    {
        if (!text.TryTake("Operator of "u8))
            return false;
        text.TakeWord();
        bool succeeded = text.TryTake("successfully authenticated as unix-user:"u8);
        if (!succeeded && !text.TryTake("FAILED to authenticate "u8))
            return false;
        record.SetKind(EventKinds.HostSudo, succeeded);
        ReadOnlySpan<byte> mark = "(owned by unix-user:"u8;
        int owner = text.LastIndexOf(mark);
        if (owner >= 0)
            record.Set(EventFields.UserName, text[(owner + mark.Length)..].TrimEnd(")."u8));
        if (succeeded)
            record.Set(EventFields.EffectiveUserName, text.TakeWord());
        if (text.TryTakeUntil(" action "u8, out _))
            record.Set(EventFields.Action, text.TakeWord());
        return true;
    }

    private static bool TryRead(ReadOnlySpan<byte> text, LogRecord record)
    {
        if (!text.TryTakeUntil(": "u8, out ReadOnlySpan<byte> user))
            return false;
        bool failed = text.TryTake("Error executing command as another user: "u8);
        if (!failed && !text.TryTake("Executing command "u8))
            return false;
        int at = text.IndexOf("[USER="u8);
        if (at < 0)
            return false;
        record.SetKind(EventKinds.HostSudo, !failed);
        record.Set(EventFields.UserName, user);
        record.Set(EventFields.Reason, text[..at].TrimEnd((byte)' '));
        text.TryTakeUntil("[USER="u8, out _);
        if (text.TryTakeUntil("]"u8, out ReadOnlySpan<byte> target))
            record.Set(EventFields.EffectiveUserName, target);
        if (text.TryTakeEnd("]"u8) && text.TryTakeUntil(" [COMMAND="u8, out _))
            record.Set(EventFields.CommandLine, text);
        return true;
    }
}
