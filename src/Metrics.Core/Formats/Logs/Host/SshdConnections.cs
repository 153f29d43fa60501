using Metrics.Model;

namespace Metrics.Formats.Logs.Host;

/// <summary>How connections to OpenSSH's server begin and end, and who they were.</summary>
internal static class SshdConnections
{
    /// <summary><c>Connection from SOURCE</c>, <c>Connection closed|reset by …</c>.</summary>
    public static bool TryReadConnection(ReadOnlySpan<byte> text, bool isPreauth, LogRecord record)
    {
        if (!text.TryTake("Connection "u8))
            return false;
        if (text.TryTake("from "u8))
            return TryReadSource(text, "connection", record);
        string action = text.TryTake("closed by "u8) ? "closed" : text.TryTake("reset by "u8) ? "reset" : "";
        return action.Length > 0 && TryReadEnd(text, action, isPreauth, record);
    }

    /// <summary><c>Disconnected from …</c>, <c>Disconnecting …</c>, and who has said nothing at all.</summary>
    public static bool TryReadDisconnect(ReadOnlySpan<byte> text, bool isPreauth, LogRecord record)
    {
        if (text.TryTake("Did not receive identification string from "u8))
            return TryReadSource(text, "identification", record);
        if (text.TryTake("Disconnected from "u8))
            return TryReadEnd(text, "disconnected", isPreauth, record);
        if (text.TryTake("Disconnecting: Too many authentication failures"u8))
        {
            SshdMessages.SetFailure(record, "disconnecting", "Too many authentication failures"u8);
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
    public static bool TryReadGoodbye(ReadOnlySpan<byte> text, LogRecord record)
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

    /// <summary><c>[NAME@]HOST (ADDRESS)</c> of TCP wrappers, and <c>HOST [ADDRESS] failed …</c>.</summary>
    public static bool TryReadInBrackets(
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

    /// <summary><c>… from SOURCE[ port N][: REASON]</c>: what is before may hold all of that.</summary>
    public static bool TryReadSourceBehindFrom(ReadOnlySpan<byte> text, string action, LogRecord record)
    {
        int from = text.LastIndexOf(" from "u8);
        return from >= 0 && TryReadSource(text[(from + 6)..], action, record);
    }

    /// <summary><c>SOURCE[ port N][: REASON]</c>.</summary>
    public static bool TryReadSource(ReadOnlySpan<byte> text, string action, LogRecord record)
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
}
