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
        bool hasLevel = ReadLevel(ref text, record);
        bool isPreauth = text.TryTakeEnd(" [preauth]"u8);
        return (!text.IsEmpty && TryRead(ref text, isPreauth, record)) || hasLevel;
    }

    private static bool TryRead(scoped ref ReadOnlySpan<byte> text, bool isPreauth, LogRecord record) => text[0] switch
    {
        (byte)'A' => (text.TryTake("Accepted "u8) && TryReadAttempt(text, succeeded: true, record))
            || (text.TryTake("Authentication tried for "u8) && TryReadKeyOfOtherHost(text, record))
            || (text.TryTake("Address "u8) && TryReadSource(text, "name mismatch", record)),
        (byte)'F' => text.TryTake("Failed "u8) && TryReadAttempt(text, succeeded: false, record),
        (byte)'I' => (text.TryTake("Invalid user "u8) || text.TryTake("Illegal user "u8)) && TryReadInvalid(text, record),
        (byte)'C' => TryReadConnection(text, isPreauth, record),
        (byte)'D' => TryReadDisconnect(text, isPreauth, record),
        (byte)'R' => (text.TryTake("Received disconnect from "u8) && TryReadGoodbye(text, record))
            || (text.TryTake("ROOT LOGIN REFUSED FROM "u8) && TryReadRootRefused(text, record))
            || (text.TryTake("Received "u8) && TryReadSignal(text, record)),
        (byte)'S' => text.TryTake("Server listening on "u8) && ReadStart(record),
        (byte)'U' => (text.TryTake("User "u8) && TryReadNotAllowed(text, record))
            || (text.TryTake("Unable to negotiate with "u8) && TryReadSource(text, "negotiate", record)),
        (byte)'B' => text.TryTake("Bad protocol version identification "u8) && TryReadSourceBehindFrom(text, "identification", record),
        (byte)'b' => text.TryTake("banner exchange: Connection from "u8) && TryReadSource(text, "identification", record),
        (byte)'m' => text.TryTake("maximum authentication attempts exceeded for "u8) && TryReadExceeded(text, record),
        (byte)'P' => text.TryTake("PAM: "u8) && TryReadPam(text, record),
        (byte)'r' => (text.TryTake("refused connect from "u8) && TryReadInBrackets(text, " ("u8, ")"u8, "refused", record))
            || (text.TryTake("reverse mapping checking getaddrinfo for "u8)
                && TryReadInBrackets(text, " ["u8, "] failed"u8, "name mismatch", record)),
        _ => false,
    };

    private static bool ReadLevel(scoped ref ReadOnlySpan<byte> text, LogRecord record)
    {
        ReadOnlySpan<byte> rest = text;
        if (rest.Length < 8 || rest[0] is not ((byte)'e' or (byte)'f' or (byte)'d'))
            return false;
        if (text.TryTake("error: "u8))
            record.SetLevel("error", Severity.Error);
        else if (text.TryTake("fatal: "u8))
            record.SetLevel("fatal", Severity.Fatal);
        else if (text.TryTake("debug1: "u8) || text.TryTake("debug2: "u8) || text.TryTake("debug3: "u8))
            record.SetLevel("debug", Severity.Debug);
        else
            return false;
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

    /// <summary>Once for each address on which it listens.</summary>
    private static bool ReadStart(LogRecord record)
    {
        record.SetKind(EventKinds.ServiceStart, succeeded: true);
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

    private static bool TryReadConnection(ReadOnlySpan<byte> text, bool isPreauth, LogRecord record)
    {
        if (!text.TryTake("Connection "u8))
            return false;
        if (text.TryTake("from "u8))
            return TryReadSource(text, "connection", record);
        string action = text.TryTake("closed by "u8) ? "closed" : text.TryTake("reset by "u8) ? "reset" : "";
        return action.Length > 0 && TryReadEnd(text, action, isPreauth, record);
    }

    private static bool TryReadDisconnect(ReadOnlySpan<byte> text, bool isPreauth, LogRecord record)
    {
        if (text.TryTake("Did not receive identification string from "u8))
            return TryReadSource(text, "identification", record);
        if (text.TryTake("Disconnected from "u8))
            return TryReadEnd(text, "disconnected", isPreauth, record);
        if (text.TryTake("Disconnecting: Too many authentication failures"u8))
        {
            SetFailure(record, "disconnecting", "Too many authentication failures"u8);
            if (!text.TryTake(" for "u8))
                return true;
            text.TryTake("invalid user "u8);
            record.Set(EventFields.UserName, text);
            return true;
        }
        return text.TryTake("Disconnecting "u8) && TryReadEnd(text, "disconnecting", isPreauth, record);
    }

    /// <summary><c>[authenticating user NAME |invalid user NAME |user NAME ]SOURCE[ port N][: REASON]</c>.</summary>
    private static bool TryReadEnd(ReadOnlySpan<byte> text, string action, bool isPreauth, LogRecord record)
    {
        bool isFailure = text.TryTake("authenticating user "u8) || text.TryTake("invalid user "u8);
        bool isUser = isFailure || text.TryTake("user "u8);
        ReadOnlySpan<byte> rest = text;
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
        ReadOnlySpan<byte> behind = rest[(port + 6)..];
        ReadOnlySpan<byte> number = behind.TakeDigits();
        if (isFailure || isPreauth)
            record.SetKind(EventKinds.HostLogin, succeeded: false);
        else
            record.Kind = EventKinds.HostLogout;
        record.Set(EventFields.Action, action);
        if (reason >= 0)
            record.Set(EventFields.Reason, text[(reason + 2)..]);
        else if (behind.TryTake(": "u8))
            record.Set(EventFields.Reason, behind);
        if (!isCertain)
            return true;
        record.Set(EventFields.UserName, rest[..blank]);
        record.SetSource(rest[(blank + 1)..port]);
        record.Set(EventFields.SourcePort, number);
        return true;
    }

    /// <summary><c>SOURCE[ port N]:CODE: REASON</c>; a blank may stand before the code.</summary>
    private static bool TryReadGoodbye(ReadOnlySpan<byte> text, LogRecord record)
    {
        ReadOnlySpan<byte> source = text.TakeWord();
        if (source.Length > 0 && source[^1] == ':')
            source = source[..^1];
        if (text.TryTake("port "u8))
        {
            record.Set(EventFields.SourcePort, text.TakeDigits());
            text.TryTake(":"u8);
            text = text.TrimStart((byte)' ');
        }
        record.SetSource(source);
        record.Set(EventFields.Action, "disconnected");
        ReadOnlySpan<byte> code = text.TakeDigits();
        if (!text.TryTake(": "u8))
            return true;
        record.Set(EventFields.Reason, text);
        // 14 is SSH_DISCONNECT_NO_MORE_AUTH_METHODS_AVAILABLE (RFC 4253, section 11.1); Java's client says it in words.
        if (code.SequenceEqual("14"u8) || text.EndsWith("Auth fail"u8))
            record.SetKind(EventKinds.HostLogin, succeeded: false);
        return true;
    }

    private static bool TryReadRootRefused(ReadOnlySpan<byte> text, LogRecord record)
    {
        SetFailure(record, "refused", "root login refused"u8);
        record.Set(EventFields.UserName, "root");
        TryReadSource(text, "refused", record);
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

    /// <summary><c>[NAME@]HOST (ADDRESS)</c> of TCP wrappers, and <c>HOST [ADDRESS] failed …</c>.</summary>
    private static bool TryReadInBrackets(
        ReadOnlySpan<byte> text, ReadOnlySpan<byte> open, ReadOnlySpan<byte> close, string action, LogRecord record)
    {
        int start = text.LastIndexOf(open);
        int end = text.LastIndexOf(close);
        if (start < 0 || end < start)
            return false;
        record.Set(EventFields.Action, action);
        record.SetSource(text[(start + open.Length)..end]);
        return true;
    }

    private static bool TryReadSourceBehindFrom(ReadOnlySpan<byte> text, string action, LogRecord record)
    {
        int from = text.LastIndexOf(" from "u8);
        return from >= 0 && TryReadSource(text[(from + 6)..], action, record);
    }

    /// <summary><c>SOURCE[ port N][: REASON]</c>.</summary>
    private static bool TryReadSource(ReadOnlySpan<byte> text, string action, LogRecord record)
    {
        ReadOnlySpan<byte> source = text.TakeWord();
        bool isEnd = source.EndsWith(":"u8) && !source.EndsWith("::"u8);
        record.SetSource(isEnd ? source[..^1] : source);
        if (!record.Has(EventFields.SourceIp) && !record.Has(EventFields.SourceDomain))
            return false;
        record.Set(EventFields.Action, action);
        if (!isEnd && text.TryTake("port "u8))
        {
            record.Set(EventFields.SourcePort, text.TakeDigits());
            isEnd = text.TryTake(": "u8);
        }
        if (isEnd)
            record.Set(EventFields.Reason, text);
        return true;
    }

    private static void SetFailure(LogRecord record, string action, ReadOnlySpan<byte> reason)
    {
        record.SetKind(EventKinds.HostLogin, succeeded: false);
        record.Set(EventFields.Action, action);
        record.Set(EventFields.Reason, reason);
    }
}
