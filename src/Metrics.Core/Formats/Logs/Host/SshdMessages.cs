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

    private static bool TryRead(ReadOnlySpan<byte> message, LogRecord record)
    {
        if (!record.Bytes(EventFields.ProcessName).SequenceEqual("sshd"u8))
            record.Set(EventFields.Service, "sshd");
        var text = new LogCursor(message);
        // Solaris' syslog writes a number of its own before the text.
        if (text.Skip("[ID "u8) && !text.TryTakeUntil("] "u8, out _))
            return false;
        bool hasLevel = ReadLevel(ref text, record);
        bool isPreauth = text.Drop(" [preauth]"u8);
        return (!text.Rest.IsEmpty && TryRead(ref text, isPreauth, record)) || hasLevel;
    }

    private static bool TryRead(ref LogCursor text, bool isPreauth, LogRecord record) => text.Rest[0] switch
    {
        (byte)'A' => (text.Skip("Accepted "u8) && TryReadAttempt(text, succeeded: true, record))
            || (text.Skip("Authentication tried for "u8) && TryReadKeyOfOtherHost(text, record))
            || (text.Skip("Address "u8) && TryReadSource(text, "name mismatch", record)),
        (byte)'F' => text.Skip("Failed "u8) && TryReadAttempt(text, succeeded: false, record),
        (byte)'I' => (text.Skip("Invalid user "u8) || text.Skip("Illegal user "u8)) && TryReadInvalid(text, record),
        (byte)'C' => TryReadConnection(text, isPreauth, record),
        (byte)'D' => TryReadDisconnect(text, isPreauth, record),
        (byte)'R' => (text.Skip("Received disconnect from "u8) && TryReadGoodbye(text, record))
            || (text.Skip("ROOT LOGIN REFUSED FROM "u8) && TryReadRootRefused(text, record))
            || (text.Skip("Received "u8) && TryReadSignal(text, record)),
        (byte)'S' => text.Skip("Server listening on "u8) && ReadStart(record),
        (byte)'U' => (text.Skip("User "u8) && TryReadNotAllowed(text, record))
            || (text.Skip("Unable to negotiate with "u8) && TryReadSource(text, "negotiate", record)),
        (byte)'B' => text.Skip("Bad protocol version identification "u8) && TryReadSourceBehindFrom(text, "identification", record),
        (byte)'b' => text.Skip("banner exchange: Connection from "u8) && TryReadSource(text, "identification", record),
        (byte)'m' => text.Skip("maximum authentication attempts exceeded for "u8) && TryReadExceeded(text, record),
        (byte)'P' => text.Skip("PAM: "u8) && TryReadPam(text, record),
        (byte)'r' => (text.Skip("refused connect from "u8) && TryReadInBrackets(text, " ("u8, ")"u8, "refused", record))
            || (text.Skip("reverse mapping checking getaddrinfo for "u8)
                && TryReadInBrackets(text, " ["u8, "] failed"u8, "name mismatch", record)),
        _ => false,
    };

    private static bool ReadLevel(ref LogCursor text, LogRecord record)
    {
        ReadOnlySpan<byte> rest = text.Rest;
        if (rest.Length < 8 || rest[0] is not ((byte)'e' or (byte)'f' or (byte)'d'))
            return false;
        if (text.Skip("error: "u8))
            record.SetLevel("error", 17);
        else if (text.Skip("fatal: "u8))
            record.SetLevel("fatal", 21);
        else if (text.Skip("debug1: "u8) || text.Skip("debug2: "u8) || text.Skip("debug3: "u8))
            record.SetLevel("debug", 5);
        else
            return false;
        return true;
    }

    /// <summary><c>METHOD for [invalid user ]NAME from SOURCE port N ssh2[: KEY]</c>.</summary>
    private static bool TryReadAttempt(LogCursor text, bool succeeded, LogRecord record)
    {
        ReadOnlySpan<byte> method = text.TakeWord();
        if (!text.Skip("for "u8))
            return false;
        bool isInvalid = text.Skip("invalid user "u8) || text.Skip("illegal user "u8);
        bool isCertain = SshdSource.TryCutKey(text.Rest, method, succeeded, out ReadOnlySpan<byte> who);
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

    /// <summary>Once for each address on which it listens.</summary>
    private static bool ReadStart(LogRecord record)
    {
        record.SetKind(EventKinds.ServiceStart, succeeded: true);
        return true;
    }

    private static bool TryReadSignal(LogCursor text, LogRecord record)
    {
        if (!text.Drop("; terminating."u8))
            return false;
        record.SetKind(EventKinds.ServiceStop, succeeded: true);
        record.Set(EventFields.Reason, text.Rest);
        return true;
    }

    private static bool TryReadInvalid(LogCursor text, LogRecord record)
    {
        if (!SshdSource.TrySplit(text.Rest, out SshdSource source))
            return false;
        SetFailure(record, "invalid user", "invalid user"u8);
        source.CopyTo(record);
        return true;
    }

    private static bool TryReadConnection(LogCursor text, bool isPreauth, LogRecord record)
    {
        if (!text.Skip("Connection "u8))
            return false;
        if (text.Skip("from "u8))
            return TryReadSource(text, "connection", record);
        string action = text.Skip("closed by "u8) ? "closed" : text.Skip("reset by "u8) ? "reset" : "";
        return action.Length > 0 && TryReadEnd(text, action, isPreauth, record);
    }

    private static bool TryReadDisconnect(LogCursor text, bool isPreauth, LogRecord record)
    {
        if (text.Skip("Did not receive identification string from "u8))
            return TryReadSource(text, "identification", record);
        if (text.Skip("Disconnected from "u8))
            return TryReadEnd(text, "disconnected", isPreauth, record);
        if (text.Skip("Disconnecting: Too many authentication failures"u8))
        {
            SetFailure(record, "disconnecting", "Too many authentication failures"u8);
            if (!text.Skip(" for "u8))
                return true;
            text.Skip("invalid user "u8);
            record.Set(EventFields.UserName, text.Rest);
            return true;
        }
        return text.Skip("Disconnecting "u8) && TryReadEnd(text, "disconnecting", isPreauth, record);
    }

    /// <summary><c>[authenticating user NAME |invalid user NAME |user NAME ]SOURCE[ port N][: REASON]</c>.</summary>
    private static bool TryReadEnd(LogCursor text, string action, bool isPreauth, LogRecord record)
    {
        bool isFailure = text.Skip("authenticating user "u8) || text.Skip("invalid user "u8);
        bool isUser = isFailure || text.Skip("user "u8);
        ReadOnlySpan<byte> rest = text.Rest;
        if (!isUser)
            return TryReadSource(text, action, record);
        // Names that somebody wants to change to follow the reason.
        ReadOnlySpan<byte> change = ": Change of username or service not allowed: "u8;
        int reason = rest.IndexOf(change);
        bool isCertain = reason == rest.LastIndexOf(change);
        if (reason >= 0)
            rest = rest[..reason];
        // NAME SOURCE port N: the name may hold all of that too, so the last port counts.
        int port = rest.LastIndexOf(" port "u8);
        int blank = port < 0 ? -1 : rest[..port].LastIndexOf((byte)' ');
        if (blank < 0)
            return false;
        var behind = new LogCursor(rest[(port + 6)..]);
        ReadOnlySpan<byte> number = behind.TakeDigits();
        if (isFailure || isPreauth)
            record.SetKind(EventKinds.HostLogin, succeeded: false);
        else
            record.Kind = EventKinds.HostLogout;
        record.Set(EventFields.Action, action);
        if (reason >= 0)
            record.Set(EventFields.Reason, text.Rest[(reason + 2)..]);
        else if (behind.Skip(": "u8))
            record.Set(EventFields.Reason, behind.Rest);
        if (!isCertain)
            return true;
        record.Set(EventFields.UserName, rest[..blank]);
        record.SetSource(rest[(blank + 1)..port]);
        record.Set(EventFields.SourcePort, number);
        return true;
    }

    /// <summary><c>SOURCE[ port N]:CODE: REASON</c>; a blank may stand before the code.</summary>
    private static bool TryReadGoodbye(LogCursor text, LogRecord record)
    {
        ReadOnlySpan<byte> source = text.TakeWord();
        if (source.Length > 0 && source[^1] == ':')
            source = source[..^1];
        if (text.Skip("port "u8))
        {
            record.Set(EventFields.SourcePort, text.TakeDigits());
            text.Skip(":"u8);
            text.SkipBlanks();
        }
        record.SetSource(source);
        record.Set(EventFields.Action, "disconnected");
        ReadOnlySpan<byte> code = text.TakeDigits();
        if (!text.Skip(": "u8))
            return true;
        record.Set(EventFields.Reason, text.Rest);
        // 14 is SSH_DISCONNECT_NO_MORE_AUTH_METHODS_AVAILABLE (RFC 4253, section 11.1); Java's client says it in words.
        if (code.SequenceEqual("14"u8) || text.Rest.EndsWith("Auth fail"u8))
            record.SetKind(EventKinds.HostLogin, succeeded: false);
        return true;
    }

    private static bool TryReadRootRefused(LogCursor text, LogRecord record)
    {
        SetFailure(record, "refused", "root login refused"u8);
        record.Set(EventFields.UserName, "root");
        TryReadSource(text, "refused", record);
        return true;
    }

    /// <summary><c>NAME[ from SOURCE] not allowed because REASON</c>.</summary>
    private static bool TryReadNotAllowed(LogCursor text, LogRecord record)
    {
        ReadOnlySpan<byte> mark = " not allowed because "u8;
        int end = text.Rest.LastIndexOf(mark);
        if (end < 0)
            return false;
        ReadOnlySpan<byte> who = text.Rest[..end];
        SetFailure(record, "not allowed", text.Rest[(end + mark.Length)..]);
        if (SshdSource.TrySplit(who, out SshdSource source))
            source.CopyTo(record);
        else
            record.Set(EventFields.UserName, who);
        return true;
    }

    /// <summary><c>[invalid user ]NAME from SOURCE port N ssh2</c>.</summary>
    private static bool TryReadExceeded(LogCursor text, LogRecord record)
    {
        text.Skip("invalid user "u8);
        if (!SshdSource.TrySplit(text.Rest, out SshdSource source))
            return false;
        SetFailure(record, "exceeded", "maximum authentication attempts exceeded"u8);
        source.CopyTo(record);
        return true;
    }

    /// <summary><c>REASON for [illegal user ]NAME from SOURCE[ via OWN]</c>, of keyboard-interactive.</summary>
    private static bool TryReadPam(LogCursor text, LogRecord record)
    {
        if (!text.TryTakeUntil(" for "u8, out ReadOnlySpan<byte> reason))
            return false;
        text.Skip("illegal user "u8);
        ReadOnlySpan<byte> who = text.Rest;
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
    private static bool TryReadKeyOfOtherHost(LogCursor text, LogRecord record)
    {
        ReadOnlySpan<byte> mark = " with correct key but not from a permitted host (host="u8;
        int end = text.Rest.LastIndexOf(mark);
        int ip = text.Rest.LastIndexOf(", ip="u8);
        if (end < 0 || ip < end)
            return false;
        SetFailure(record, "refused", "not from a permitted host"u8);
        record.Set(EventFields.UserName, text.Rest[..end]);
        var address = new LogCursor(text.Rest[(ip + 5)..]);
        record.SetSource(address.TryTakeUntil(")"u8, out ReadOnlySpan<byte> before) ? before : address.Rest);
        return true;
    }

    /// <summary><c>[NAME@]HOST (ADDRESS)</c> of TCP wrappers, and <c>HOST [ADDRESS] failed …</c>.</summary>
    private static bool TryReadInBrackets(
        LogCursor text, ReadOnlySpan<byte> open, ReadOnlySpan<byte> close, string action, LogRecord record)
    {
        int start = text.Rest.LastIndexOf(open);
        int end = text.Rest.LastIndexOf(close);
        if (start < 0 || end < start)
            return false;
        record.Set(EventFields.Action, action);
        record.SetSource(text.Rest[(start + open.Length)..end]);
        return true;
    }

    private static bool TryReadSourceBehindFrom(LogCursor text, string action, LogRecord record)
    {
        int from = text.Rest.LastIndexOf(" from "u8);
        return from >= 0 && TryReadSource(new LogCursor(text.Rest[(from + 6)..]), action, record);
    }

    /// <summary><c>SOURCE[ port N][: REASON]</c>.</summary>
    private static bool TryReadSource(LogCursor text, string action, LogRecord record)
    {
        ReadOnlySpan<byte> source = text.TakeWord();
        bool isEnd = source.EndsWith(":"u8) && !source.EndsWith("::"u8);
        record.SetSource(isEnd ? source[..^1] : source);
        if (!record.Has(EventFields.SourceIp) && !record.Has(EventFields.SourceDomain))
            return false;
        record.Set(EventFields.Action, action);
        if (!isEnd && text.Skip("port "u8))
        {
            record.Set(EventFields.SourcePort, text.TakeDigits());
            isEnd = text.Skip(": "u8);
        }
        if (isEnd)
            record.Set(EventFields.Reason, text.Rest);
        return true;
    }

    private static void SetFailure(LogRecord record, string action, ReadOnlySpan<byte> reason)
    {
        record.SetKind(EventKinds.HostLogin, succeeded: false);
        record.Set(EventFields.Action, action);
        record.Set(EventFields.Reason, reason);
    }
}
