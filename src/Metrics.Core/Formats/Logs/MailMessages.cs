using Metrics.Model;

namespace Metrics.Formats.Logs;

/// <summary>
/// Failed logins at mail servers: Postfix and Dovecot. One that succeeds is no login to the machine, and stays a log line with its user.
/// </summary>
/// <remarks>
/// <code>
/// warning: unknown[192.0.2.7]: SASL LOGIN authentication failed: authentication failure, sasl_username=ann
/// imap-login: Disconnected (auth failed, 1 attempts in 2 secs): user=&lt;ann&gt;, method=PLAIN, rip=192.0.2.7, lip=198.51.100.1, TLS
/// imap-login: Login: user=&lt;ann&gt;, method=PLAIN, rip=192.0.2.7, lip=198.51.100.1, mpid=18, TLS
/// </code>
/// </remarks>
public static class MailMessages
{
    /// <summary>Postfix's <c>postfix/smtpd</c> and its kin.</summary>
    public static LogMessageFormat Postfix { get; } = new("postfix", TryReadPostfix, "smtpd");

    /// <summary>The program <c>dovecot</c>.</summary>
    public static LogMessageFormat Dovecot { get; } = new("dovecot", TryReadDovecot, "dovecot");

    private static bool TryReadPostfix(ReadOnlySpan<byte> message, LogRecord record)
    {
        var text = new LogCursor(message);
        if (!text.Skip("warning: "u8) || !text.TryTakeUntil("["u8, out _)
            || !text.TryTakeUntil("]: SASL "u8, out ReadOnlySpan<byte> address))
            return false;
        ReadOnlySpan<byte> method = text.TakeWord();
        if (!text.Skip("authentication failed"u8))
            return false;
        record.SetKind(EventKinds.HostLogin, succeeded: false);
        record.SetSource(address);
        record.Set(EventFields.AuthenticationMethod, method);
        int user = text.Rest.LastIndexOf(", sasl_username="u8);
        if (user >= 0)
            record.Set(EventFields.UserName, text.Rest[(user + 16)..]);
        return true;
    }

    /// <summary><c>PROTOCOL-login: [Info: ]TEXT: user=&lt;NAME&gt;, …, rip=ADDRESS, …</c>: the name may hold all of that.</summary>
    private static bool TryReadDovecot(ReadOnlySpan<byte> message, LogRecord record)
    {
        var text = new LogCursor(message);
        if (!text.TryTakeUntil("-login: "u8, out ReadOnlySpan<byte> protocol) || protocol.Contains((byte)' '))
            return false;
        text.Skip("Info: "u8);
        bool isLogin = text.Skip("Login: "u8);
        ReadOnlySpan<byte> what = default;
        if (!isLogin && !text.TryTakeUntil(": user=<"u8, out what))
            return false;
        if (isLogin && !text.Skip("user=<"u8))
            return false;
        // Behind the name its method or an address follows; the last one counts.
        int end = text.Rest.LastIndexOf(">, method="u8);
        if (end < 0)
            end = text.Rest.LastIndexOf(">, rip="u8);
        if (end < 0)
            return false;
        ReadOnlySpan<byte> behind = text.Rest[(end + 1)..];
        int rip = behind.IndexOf(", rip="u8);
        if (rip < 0)
            return false;
        record.Set(EventFields.UserName, text.Rest[..end]);
        record.SetSource(new LogCursor(behind[(rip + 6)..]).TakeWord().TrimEnd((byte)','));
        if (what.IndexOf("(auth failed"u8) >= 0)
            record.SetKind(EventKinds.HostLogin, succeeded: false);
        return true;
    }
}
