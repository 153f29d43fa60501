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

    private static bool TryRead(ReadOnlySpan<byte> text, LogRecord record)
    {
        // To a terminal and to a journal it writes number and time itself.
        if (text.TryTake("["u8) && text.TryTakeUntil("] "u8, out _) && text.Length > TimeLength + 1)
            text = text[(TimeLength + 1)..];
        if (text.TryTake("Exit "u8))
            return TryReadExit(text, record);
        if (text.TryTake("Password auth succeeded for '"u8))
            return TryReadAttempt(text, "password", succeeded: true, record);
        if (text.TryTake("PAM password auth succeeded for '"u8))
            return TryReadAttempt(text, "pam", succeeded: true, record);
        if (text.TryTake("Pubkey auth succeeded for '"u8))
            return TryReadAttempt(text, "publickey", succeeded: true, record);
        if (text.TryTake("Bad password attempt for '"u8) || text.TryTake("bad password attempt for '"u8))
            return TryReadAttempt(text, "password", succeeded: false, record);
        if (text.TryTake("Bad PAM password attempt for '"u8))
            return TryReadAttempt(text, "pam", succeeded: false, record);
        if (!text.TryTake("Login attempt for nonexistent user"u8) && !text.TryTake("login attempt for nonexistent user"u8))
            return false;
        record.SetKind(EventKinds.HostLogin, succeeded: false);
        record.Set(EventFields.Reason, "nonexistent user");
        // Versions that are built without debugging name no source here.
        SetEnd(text, record);
        return true;
    }

    /// <summary><c>NAME'[ with TYPE key …] from ADDRESS:PORT</c>: the name may hold all of that.</summary>
    private static bool TryReadAttempt(ReadOnlySpan<byte> text, string method, bool succeeded, LogRecord record)
    {
        int from = text.LastIndexOf(" from "u8);
        if (from < 0 || !LogText.TrySetSourceEndpoint(record, text[(from + 6)..].Trim("<>"u8)))
            return false;
        record.SetKind(EventKinds.HostLogin, succeeded);
        record.Set(EventFields.AuthenticationMethod, method);
        int quote = text[..from].LastIndexOf((byte)'\'');
        if (quote > 0)
            record.Set(EventFields.UserName, text[..quote]);
        return true;
    }

    private static bool TryReadExit(ReadOnlySpan<byte> text, LogRecord record)
    {
        if (text.TryTake("before auth"u8))
        {
            int user = text.LastIndexOf("(user '"u8);
            bool isMany = text.IndexOf("Max auth tries reached"u8) >= 0;
            if (user < 0 && !isMany)
                return false;
            record.SetKind(EventKinds.HostLogin, succeeded: false);
            record.Set(EventFields.Reason, isMany ? "Max auth tries reached" : "exit before auth");
            if (user >= 0)
                record.Set(EventFields.UserName, QuotedUser(text[(user + 7)..]));
            SetEnd(text, record);
            return true;
        }
        if (!text.TryTake("("u8) || !text.TryTakeUntil(")"u8, out ReadOnlySpan<byte> name))
            return false;
        record.Kind = EventKinds.HostLogout;
        record.Set(EventFields.UserName, name);
        SetEnd(text, record);
        return true;
    }

    private static ReadOnlySpan<byte> QuotedUser(ReadOnlySpan<byte> text) =>
        text.TryTakeUntil("', "u8, out ReadOnlySpan<byte> user) ? user : text;

    /// <summary><c> from &lt;ADDRESS:PORT&gt;: …</c> before the reason, or <c> from ADDRESS:PORT</c> at the end.</summary>
    private static void SetEnd(ReadOnlySpan<byte> text, LogRecord record)
    {
        int last = text.LastIndexOf(" from "u8);
        ReadOnlySpan<byte> end = last < 0 ? default : text[(last + 6)..].Trim("<>"u8);
        if (text.TryTake(" from <"u8) && text.TryTakeUntil(">: "u8, out ReadOnlySpan<byte> address))
            end = address;
        LogText.TrySetSourceEndpoint(record, end);
    }
}
