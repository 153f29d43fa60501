using Metrics.Model;

namespace Metrics.Formats.Logs.Host;

/// <summary>
/// systemd-logind. It opens sessions for jobs too, and does not say so everywhere: sessions stay log lines, and logins are what login, sshd
/// and PAM tell.
/// </summary>
/// <remarks>
/// <code>
/// New session 3 of user ann.                 New session '3' of user 'ann' with class 'user' and type 'tty'.
/// System is rebooting.                       System is powering down.
/// </code>
/// </remarks>
public static class LogindMessages
{
    /// <summary>The program <c>systemd-logind</c>.</summary>
    public static LogMessageFormat Format { get; } = new("logind", TryRead, "systemd-logind");

    private static bool TryRead(ReadOnlySpan<byte> message, LogRecord record)
    {
        ReadOnlySpan<byte> text = message;
        if (text.TryTake("System is "u8))
            return TryReadEnd(text, record);
        if (text.TryTake("New session "u8))
        {
            if (!text.TryTakeUntil(" of user "u8, out _))
                return false;
            record.Set(EventFields.Action, "new session");
            record.Set(EventFields.UserName, text.TryTake("'"u8) && text.TryTakeUntil("'"u8, out ReadOnlySpan<byte> name)
                ? name : text.TrimEnd((byte)'.'));
            return true;
        }
        string action = ActionOf(message);
        record.Set(EventFields.Action, action);
        return action.Length > 0;
    }

    private static string ActionOf(ReadOnlySpan<byte> message) =>
        message.StartsWith("Removed session "u8) ? "removed session"
        : message.StartsWith("Power key pressed"u8) ? "power key"
        : message.StartsWith("Reboot key pressed"u8) ? "reboot key"
        : message.StartsWith("Lid closed"u8) ? "lid closed"
        : message.StartsWith("Lid opened"u8) ? "lid opened" : "";

    private static bool TryReadEnd(ReadOnlySpan<byte> how, LogRecord record)
    {
        string action = how.StartsWith("rebooting"u8) ? "reboot"
            : how.StartsWith("powering down"u8) ? "poweroff"
            : how.StartsWith("halting"u8) ? "halt" : "";
        if (action.Length == 0)
            return false;
        record.Kind = EventKinds.HostReboot;
        record.Set(EventFields.Action, action);
        return true;
    }
}
