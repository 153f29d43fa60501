using Metrics.Model;

namespace Metrics.Formats.Logs.Host;

/// <summary>dropbear, the small server for SSH.</summary>
/// <remarks>
/// <code>
/// Password auth succeeded for 'ann' from 192.0.2.7:50022
/// Pubkey auth succeeded for 'ann' with ssh-ed25519 key SHA256:… from 192.0.2.7:50022
/// Bad password attempt for 'root' from 192.0.2.7:50022
/// Login attempt for nonexistent user from 192.0.2.7:50022
/// Exit before auth from &lt;192.0.2.7:50022&gt;: (user 'root', 10 fails): Max auth tries reached - user 'root'
/// Exit (ann) from &lt;192.0.2.7:50022&gt;: Disconnect received
/// </code>
/// https://github.com/mkj/dropbear/blob/master/src/svr-auth.c · svr-session.c
/// </remarks>
public static class DropbearMessages
{
    private const int TimeLength = 15;

    /// <summary>The program <c>dropbear</c>.</summary>
    public static LogMessageFormat Format { get; } = new("dropbear", TryRead, "dropbear");

    private static bool TryRead(ReadOnlySpan<byte> message, LogRecord record)
    {
        var text = new LogCursor(message);
        // To a terminal and to a journal it writes number and time itself.
        if (text.Skip("["u8) && text.TryTakeUntil("] "u8, out _) && text.Rest.Length > TimeLength + 1)
            text = new LogCursor(text.Rest[(TimeLength + 1)..]);
        if (text.Skip("Exit "u8))
            return TryReadExit(text, record);
        if (text.Skip("Password auth succeeded for '"u8))
            return TryReadAttempt(text, "password", succeeded: true, record);
        if (text.Skip("PAM password auth succeeded for '"u8))
            return TryReadAttempt(text, "pam", succeeded: true, record);
        if (text.Skip("Pubkey auth succeeded for '"u8))
            return TryReadAttempt(text, "publickey", succeeded: true, record);
        if (text.Skip("Bad password attempt for '"u8) || text.Skip("bad password attempt for '"u8))
            return TryReadAttempt(text, "password", succeeded: false, record);
        if (text.Skip("Bad PAM password attempt for '"u8))
            return TryReadAttempt(text, "pam", succeeded: false, record);
        if (!text.Skip("Login attempt for nonexistent user"u8) && !text.Skip("login attempt for nonexistent user"u8))
            return false;
        record.SetKind(EventKinds.HostLogin, succeeded: false);
        record.Set(EventFields.Reason, "nonexistent user");
        // Versions that are built without debugging name no source here.
        SetEnd(text, record);
        return true;
    }

    /// <summary><c>NAME'[ with TYPE key …] from ADDRESS:PORT</c>: the name may hold all of that.</summary>
    private static bool TryReadAttempt(LogCursor text, string method, bool succeeded, LogRecord record)
    {
        int from = text.Rest.LastIndexOf(" from "u8);
        if (from < 0 || !LogText.TrySetSourceEndpoint(record, text.Rest[(from + 6)..].Trim("<>"u8)))
            return false;
        record.SetKind(EventKinds.HostLogin, succeeded);
        record.Set(EventFields.AuthenticationMethod, method);
        int quote = text.Rest[..from].LastIndexOf((byte)'\'');
        if (quote > 0)
            record.Set(EventFields.UserName, text.Rest[..quote]);
        return true;
    }

    private static bool TryReadExit(LogCursor text, LogRecord record)
    {
        if (text.Skip("before auth"u8))
        {
            int user = text.Rest.LastIndexOf("(user '"u8);
            bool isMany = text.Rest.IndexOf("Max auth tries reached"u8) >= 0;
            if (user < 0 && !isMany)
                return false;
            record.SetKind(EventKinds.HostLogin, succeeded: false);
            record.Set(EventFields.Reason, isMany ? "Max auth tries reached" : "exit before auth");
            if (user >= 0)
                SetQuoted(record, text.Rest[(user + 7)..], "', "u8);
            SetEnd(text, record);
            return true;
        }
        if (!text.Skip("("u8) || !text.TryTakeUntil(")"u8, out ReadOnlySpan<byte> name))
            return false;
        record.Kind = EventKinds.HostLogout;
        record.Set(EventFields.UserName, name);
        SetEnd(text, record);
        return true;
    }

    private static void SetQuoted(LogRecord record, ReadOnlySpan<byte> text, ReadOnlySpan<byte> end)
    {
        int at = text.IndexOf(end);
        record.Set(EventFields.UserName, at < 0 ? text : text[..at]);
    }

    /// <summary><c> from &lt;ADDRESS:PORT&gt;: …</c> before the reason, or <c> from ADDRESS:PORT</c> at the end.</summary>
    private static void SetEnd(LogCursor text, LogRecord record)
    {
        ReadOnlySpan<byte> rest = text.Rest;
        int last = rest.LastIndexOf(" from "u8);
        if (text.Skip(" from <"u8) && text.TryTakeUntil(">: "u8, out ReadOnlySpan<byte> address))
            LogText.TrySetSourceEndpoint(record, address);
        else if (last >= 0)
            LogText.TrySetSourceEndpoint(record, rest[(last + 6)..].Trim("<>"u8));
    }
}
