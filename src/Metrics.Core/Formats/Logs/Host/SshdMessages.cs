using Metrics.Model;

namespace Metrics.Formats.Logs.Host;

/// <summary>
/// OpenSSH's server. Whoever gives up, is thrown out or was never let in with a name given has failed to log in; connections without a name
/// are no logins, and stay log lines with their source. <c>event.action</c> tells the line that settles an attempt (<c>accepted</c>,
/// <c>failed</c>) from those around it, for one attempt is told in several.
/// </summary>
/// <remarks>
/// <code>
/// Accepted publickey for ann from 192.0.2.7 port 50022 ssh2: ED25519 SHA256:…
/// Failed password for invalid user guest from 192.0.2.7 port 50022 ssh2
/// Invalid user guest from 192.0.2.7 port 50022
/// Connection closed by authenticating user root 192.0.2.7 port 50022 [preauth]
/// Disconnected from user ann 192.0.2.7 port 50022
/// error: maximum authentication attempts exceeded for root from 192.0.2.7 port 50022 ssh2 [preauth]
/// User root from 192.0.2.7 not allowed because not listed in AllowUsers
/// </code>
/// Names are whatever a client sends (<c>x from 198.51.100.1 port 22</c>): the source is the last one in the text, but for what keys say of
/// themselves behind it.
/// https://github.com/openssh/openssh-portable/blob/master/auth.c · auth2.c · packet.c · sshd-session.c
/// </remarks>
public static class SshdMessages
{
    /// <summary>The programs <c>sshd</c> and, from OpenSSH 9.8 on, its children.</summary>
    public static LogMessageFormat Format { get; } = new("sshd", TryRead, "sshd", "sshd-session", "sshd-auth");

    private static bool TryRead(ReadOnlySpan<byte> text, LogRecord record)
    {
        if (!record.Bytes(EventFields.ProcessName).SequenceEqual("sshd"u8))
            record.Set(EventFields.Service, "sshd");
        // Solaris' syslog writes a number of its own before the text.
        if (text.TryTake("[ID "u8) && !text.TryTakeUntil("] "u8, out _))
            return false;
        bool hasLevel = TryTakeLevel(ref text, record);
        bool isPreauth = text.TryTakeEnd(" [preauth]"u8);
        return (!text.IsEmpty && TryRead(text, isPreauth, record)) || hasLevel;
    }

    private static bool TryRead(ReadOnlySpan<byte> text, bool isPreauth, LogRecord record) => text[0] switch
    {
        (byte)'A' => (text.TryTake("Accepted "u8) && TryReadAttempt(text, succeeded: true, record))
            || (text.TryTake("Authentication tried for "u8) && TryReadKeyOfOtherHost(text, record))
            || (text.TryTake("Address "u8) && SshdConnections.TryReadSource(text, "name mismatch", record)),
        (byte)'F' => text.TryTake("Failed "u8) && TryReadAttempt(text, succeeded: false, record),
        (byte)'I' => (text.TryTake("Invalid user "u8) || text.TryTake("Illegal user "u8)) && TryReadInvalid(text, record),
        (byte)'C' => SshdConnections.TryReadConnection(text, isPreauth, record),
        (byte)'D' => SshdConnections.TryReadDisconnect(text, isPreauth, record),
        (byte)'R' => (text.TryTake("Received disconnect from "u8) && SshdConnections.TryReadGoodbye(text, record))
            || (text.TryTake("ROOT LOGIN REFUSED FROM "u8) && TryReadRootRefused(text, record))
            || (text.TryTake("Received "u8) && TryReadSignal(text, record)),
        (byte)'S' => text.TryTake("Server listening on "u8) && ReadListening(record),
        (byte)'U' => (text.TryTake("User "u8) && TryReadNotAllowed(text, record))
            || (text.TryTake("Unable to negotiate with "u8) && SshdConnections.TryReadSource(text, "negotiate", record)),
        (byte)'B' => text.TryTake("Bad protocol version identification "u8)
            && SshdConnections.TryReadSourceBehindFrom(text, "identification", record),
        (byte)'b' => text.TryTake("banner exchange: Connection from "u8) && SshdConnections.TryReadSource(text, "identification", record),
        (byte)'m' => text.TryTake("maximum authentication attempts exceeded for "u8) && TryReadExceeded(text, record),
        (byte)'P' => text.TryTake("PAM: "u8) && TryReadPam(text, record),
        (byte)'r' => (text.TryTake("refused connect from "u8) && SshdConnections.TryReadInBrackets(text, " ("u8, ")"u8, "refused", record))
            || (text.TryTake("reverse mapping checking getaddrinfo for "u8)
                && SshdConnections.TryReadInBrackets(text, " ["u8, "] failed"u8, "name mismatch", record)),
        _ => false,
    };

    /// <summary>The level that the text itself names, where the header has named none.</summary>
    private static bool TryTakeLevel(scoped ref ReadOnlySpan<byte> text, LogRecord record)
    {
        string level = text.TryTake("error: "u8) ? "error"
            : text.TryTake("fatal: "u8) ? "fatal"
            : text.TryTake("debug1: "u8) || text.TryTake("debug2: "u8) || text.TryTake("debug3: "u8) ? "debug" : "";
        if (level.Length == 0 || record.SeverityNumber > 0)
            return level.Length > 0;
        record.SeverityNumber = level switch { "error" => Severity.Error, "fatal" => Severity.Fatal, _ => Severity.Debug };
        record.Set(EventFields.Level, level);
        return true;
    }

    /// <summary><c>METHOD for [invalid user ]NAME from SOURCE port N ssh2[: KEY]</c>.</summary>
    private static bool TryReadAttempt(ReadOnlySpan<byte> text, bool succeeded, LogRecord record)
    {
        ReadOnlySpan<byte> method = text.TakeWord();
        if (!text.TryTake("for "u8))
            return false;
        bool isInvalid = text.TryTake("invalid user "u8) || text.TryTake("illegal user "u8);
        bool isCertain = SshdSource.TryCutKey(text, method, succeeded, out ReadOnlySpan<byte> who);
        if (!SshdSource.TrySplit(who, out SshdSource source))
            return false;
        record.SetKind(EventKinds.HostLogin, succeeded);
        record.Set(EventFields.Action, succeeded ? "accepted" : "failed");
        record.Set(EventFields.AuthenticationMethod, method);
        if (isInvalid)
            record.Set(EventFields.Reason, "invalid user");
        if (isCertain)
            source.CopyTo(record);
        return true;
    }

    /// <summary>Once for each address on which it listens, after a start as after each reload: no start by itself.</summary>
    private static bool ReadListening(LogRecord record)
    {
        record.Set(EventFields.Action, "listening");
        return true;
    }

    private static bool TryReadSignal(ReadOnlySpan<byte> text, LogRecord record)
    {
        if (!text.TryTakeEnd("; terminating."u8))
            return false;
        record.SetKind(EventKinds.ServiceStop, succeeded: true);
        record.Set(EventFields.Reason, text);
        return true;
    }

    private static bool TryReadInvalid(ReadOnlySpan<byte> text, LogRecord record)
    {
        if (!SshdSource.TrySplit(text, out SshdSource source))
            return false;
        SetFailure(record, "invalid user", "invalid user"u8);
        source.CopyTo(record);
        return true;
    }

    private static bool TryReadRootRefused(ReadOnlySpan<byte> text, LogRecord record)
    {
        SetFailure(record, "refused", "root login refused"u8);
        record.Set(EventFields.UserName, "root");
        SshdConnections.TryReadSource(text, "refused", record);
        return true;
    }

    /// <summary><c>NAME[ from SOURCE] not allowed because REASON</c>.</summary>
    private static bool TryReadNotAllowed(ReadOnlySpan<byte> text, LogRecord record)
    {
        ReadOnlySpan<byte> mark = " not allowed because "u8;
        int end = text.LastIndexOf(mark);
        if (end < 0)
            return false;
        ReadOnlySpan<byte> who = text[..end];
        SetFailure(record, "not allowed", text[(end + mark.Length)..]);
        if (SshdSource.TrySplit(who, out SshdSource source))
            source.CopyTo(record);
        else
            record.Set(EventFields.UserName, who);
        return true;
    }

    /// <summary><c>[invalid user ]NAME from SOURCE port N ssh2</c>.</summary>
    private static bool TryReadExceeded(ReadOnlySpan<byte> text, LogRecord record)
    {
        text.TryTake("invalid user "u8);
        if (!SshdSource.TrySplit(text, out SshdSource source))
            return false;
        SetFailure(record, "exceeded", "maximum authentication attempts exceeded"u8);
        source.CopyTo(record);
        return true;
    }

    /// <summary><c>REASON for [illegal user ]NAME from SOURCE[ via OWN]</c>, of keyboard-interactive.</summary>
    private static bool TryReadPam(ReadOnlySpan<byte> text, LogRecord record)
    {
        if (!text.TryTakeUntil(" for "u8, out ReadOnlySpan<byte> reason))
            return false;
        text.TryTake("illegal user "u8);
        ReadOnlySpan<byte> who = text;
        int via = who.LastIndexOf(" via "u8);
        if (via >= 0 && LogText.IsAddress(who[(via + 5)..].TrimEnd((byte)' ')))
            who = who[..via];
        if (!SshdSource.TrySplit(who, out SshdSource source))
            return false;
        SetFailure(record, "failed", reason);
        record.Set(EventFields.AuthenticationMethod, "keyboard-interactive/pam");
        source.CopyTo(record);
        return true;
    }

    /// <summary><c>NAME with correct key but not from a permitted host (host=NAME, ip=ADDRESS).</c></summary>
    private static bool TryReadKeyOfOtherHost(ReadOnlySpan<byte> text, LogRecord record)
    {
        ReadOnlySpan<byte> mark = " with correct key but not from a permitted host (host="u8;
        int end = text.LastIndexOf(mark);
        int ip = text.LastIndexOf(", ip="u8);
        if (end < 0 || ip < end)
            return false;
        SetFailure(record, "refused", "not from a permitted host"u8);
        record.Set(EventFields.UserName, text[..end]);
        ReadOnlySpan<byte> address = text[(ip + 5)..];
        record.SetSource(address.TryTakeUntil(")"u8, out ReadOnlySpan<byte> before) ? before : address);
        return true;
    }

    internal static void SetFailure(LogRecord record, string action, ReadOnlySpan<byte> reason)
    {
        record.SetKind(EventKinds.HostLogin, succeeded: false);
        record.Set(EventFields.Action, action);
        record.Set(EventFields.Reason, reason);
    }
}
