using Metrics.Model;

namespace Metrics.Formats.Logs.Host;

/// <summary>
/// Failed logins at mail servers: Postfix, Dovecot and Exim. One that succeeds is no login to the machine: a log line with its user.
/// </summary>
/// <remarks>
/// <code>
/// warning: unknown[192.0.2.7]: SASL LOGIN authentication failed: authentication failure, sasl_username=ann
/// imap-login: Disconnected (auth failed, 1 attempts in 2 secs): user=&lt;ann&gt;, method=PLAIN, rip=192.0.2.7, lip=198.51.100.1, TLS
/// imap-login: Login: user=&lt;ann&gt;, method=PLAIN, rip=192.0.2.7, lip=198.51.100.1, mpid=18, TLS
/// auth-worker(63712): conn unix:auth-worker (pid=58074,uid=109): auth-worker&lt;4&gt;: sql(ann,192.0.2.7): unknown user
/// login authenticator failed for (helo) [192.0.2.7]:5432: 535 Incorrect authentication data (set_id=ann)
/// </code>
/// </remarks>
public static class MailMessages
{
    /// <summary>Postfix's <c>postfix/smtpd</c> and its kin.</summary>
    public static LogMessageFormat Postfix { get; } = new("postfix", TryReadPostfix, "smtpd");

    /// <summary>The program <c>exim</c>.</summary>
    public static LogMessageFormat Exim { get; } = new("exim", TryReadExim, "exim", "exim4");

    /// <summary>The program <c>dovecot</c>.</summary>
    public static LogMessageFormat Dovecot { get; } = new("dovecot", TryReadDovecot, "dovecot");

    private static bool TryReadPostfix(ReadOnlySpan<byte> text, LogRecord record)
    {
        if (!text.TryTake("warning: "u8) || !text.TryTakeUntil("["u8, out _)
            || !text.TryTakeUntil("]: SASL "u8, out ReadOnlySpan<byte> address))
            return false;
        ReadOnlySpan<byte> method = text.TakeWord();
        if (!text.TryTake("authentication failed"u8))
            return false;
        record.SetKind(EventKinds.HostLogin, succeeded: false);
        record.SetSource(address);
        record.Set(EventFields.AuthenticationMethod, method);
        int user = text.LastIndexOf(", sasl_username="u8);
        if (user >= 0)
            record.Set(EventFields.UserName, text[(user + 16)..]);
        return true;
    }

    /// <summary><c>PROTOCOL-login: [Info: ]TEXT: user=&lt;NAME&gt;, …, rip=ADDRESS, …</c>: the name may hold all of that.</summary>
    private static bool TryReadDovecot(ReadOnlySpan<byte> text, LogRecord record)
    {
        if (text.TryTake("auth"u8))
            return TryReadBackend(text, record);
        if (!text.TryTakeUntil("-login: "u8, out ReadOnlySpan<byte> protocol) || protocol.Contains((byte)' '))
            return false;
        text.TryTake("Info: "u8);
        bool isLogin = text.TryTake("Login: "u8);
        ReadOnlySpan<byte> what = default;
        if (!isLogin && !text.TryTakeUntil(": user=<"u8, out what))
            return false;
        if (isLogin && !text.TryTake("user=<"u8))
            return false;
        // Behind the name its method or an address follows; the last one counts.
        int end = text.LastIndexOf(">, method="u8);
        if (end < 0)
            end = text.LastIndexOf(">, rip="u8);
        if (end < 0)
            return false;
        ReadOnlySpan<byte> behind = text[(end + 1)..];
        int rip = behind.IndexOf(", rip="u8);
        if (rip < 0)
            return false;
        record.Set(EventFields.UserName, text[..end]);
        record.SetSource(LogText.FirstWord(behind[(rip + 6)..]).TrimEnd((byte)','));
        if (what.IndexOf("(auth failed"u8) >= 0)
            record.SetKind(EventKinds.HostLogin, succeeded: false);
        return true;
    }

    /// <summary><c>… BACKEND(NAME,ADDRESS[,&lt;SESSION&gt;]): REASON</c>.</summary>
    private static bool TryReadBackend(ReadOnlySpan<byte> message, LogRecord record)
    {
        // Names may hold a mark too: the last one counts.
        int end = message.LastIndexOf("): unknown user"u8);
        if (end < 0)
            end = message.LastIndexOf("): pam_authenticate() failed"u8);
        if (end < 0)
            end = message.LastIndexOf("): Password mismatch"u8);
        int start = StartOf(message);
        if (start < 0 || end < start)
            return false;
        ReadOnlySpan<byte> who = message[start..end];
        if (who.EndsWith(">"u8) && who.LastIndexOf(",<"u8) is >= 0 and var session)
            who = who[..session];
        record.SetKind(EventKinds.HostLogin, succeeded: false);
        record.Set(EventFields.Reason, message[(end + 3)..].StartsWith("unknown"u8) ? "unknown user" : "password mismatch");
        int comma = who.LastIndexOf((byte)',');
        if (comma >= 0 && LogText.IsAddress(who[(comma + 1)..]))
        {
            record.SetSource(who[(comma + 1)..]);
            who = who[..comma];
        }
        record.Set(EventFields.UserName, who);
        return true;
    }

    /// <summary>Behind the first of the backends' names.</summary>
    private static int StartOf(ReadOnlySpan<byte> message)
    {
        int start = int.MaxValue;
        First(message, ": pam("u8, ref start);
        First(message, ": sql("u8, ref start);
        First(message, ": ldap("u8, ref start);
        First(message, ": passwd("u8, ref start);
        First(message, ": passwd-file("u8, ref start);
        return start == int.MaxValue ? -1 : start;
    }

    private static void First(ReadOnlySpan<byte> message, ReadOnlySpan<byte> mark, ref int start)
    {
        int at = message.IndexOf(mark);
        if (at >= 0)
            start = Math.Min(start, at + mark.Length);
    }

    /// <summary><c>NAME authenticator failed for HOST [ADDRESS][:PORT]: 535 … (set_id=NAME)</c>.</summary>
    private static bool TryReadExim(ReadOnlySpan<byte> text, LogRecord record)
    {
        if (!text.TryTakeUntil(" authenticator failed for "u8, out ReadOnlySpan<byte> method) || method.Contains((byte)' ')
            || !text.TryTakeUntil(": 535 Incorrect authentication data"u8, out ReadOnlySpan<byte> host))
            return false;
        int open = host.LastIndexOf((byte)'[');
        if (open < 0 || !LogText.TrySetSourceEndpoint(record, host[open..]))
            return false;
        record.SetKind(EventKinds.HostLogin, succeeded: false);
        record.Set(EventFields.AuthenticationMethod, method);
        if (text.TryTake(" (set_id="u8) && text.TryTakeEnd(")"u8))
            record.Set(EventFields.UserName, text);
        return true;
    }
}
