using Metrics.Model;

namespace Metrics.Formats.Logs.Servers;

/// <summary>Access logs in the Common Log Format and what grew out of it: Apache, nginx, and whatever runs behind them.</summary>
/// <remarks>
/// <code>
/// 192.0.2.7 - ann [26/Nov/2026:10:00:00 +0100] "GET /v3/users HTTP/1.1" 200 1513
/// 192.0.2.7 - - [26/Nov/2026:10:00:00 +0000] "POST /v3/auth/tokens HTTP/1.1" 401 489 "-" "keystoneauth1/5.3.0" 0.023
/// cloud.example.org:443 2001:db8::7 - - [26/Nov/2026:10:00:00 +0000] "GET / HTTP/2.0" 304 - "https://example.org/" "Mozilla/5.0"
/// </code>
/// https://httpd.apache.org/docs/2.4/mod/mod_log_config.html, https://nginx.org/en/docs/http/ngx_http_log_module.html
/// </remarks>
public static class AccessLog
{
    private const int ClockLength = 26;

    /// <summary>Up to the request: a chain may stand there, as long as servers take a header.</summary>
    private const int MaxHead = EventBounds.MaxBodyLength;

    /// <summary>The format <c>access</c>.</summary>
    public static LogFormat Format { get; } = new("access", (text, _, record) => TryRead(text, record));

    /// <summary>The same lines behind the header of syslog or of a journal.</summary>
    public static LogMessageFormat Message { get; } = new("access", TryReadMessage);

    /// <summary>Reads a line.</summary>
    internal static bool TryRead(ReadOnlySpan<byte> text, LogRecord record)
    {
        // Servers escape quotes in the name of the user, which is the client's choice: the first quote behind a bracket is the request's.
        int quote = text[..Math.Min(text.Length, MaxHead)].IndexOf("] \""u8);
        int open = quote - ClockLength - 1;
        if (open < 2 || text[open] != '[' || text[open - 1] != ' ' || !LogTimes.TryClf(text.Slice(open + 1, ClockLength), out long time))
            return false;
        ReadOnlySpan<byte> rest = text[(quote + 3)..];
        int end = EndOfRequest(rest);
        if (end < 0 || !TryHead(text[..(open - 1)], record))
            return false;
        record.Time ??= time;
        record.Kind = EventKinds.HttpRequest;
        HttpText.TrySetRequest(record, rest[..end]);
        rest = rest[(end + 2)..];
        HttpText.TrySetStatus(record, LogText.TakeWord(ref rest));
        HttpText.SetBytes(record, LogText.TakeWord(ref rest));
        ReadTail(rest, record);
        return true;
    }

    private static bool TryReadMessage(ReadOnlySpan<byte> message, LogRecord record)
    {
        // Some programs write their level first, and the address in quotes.
        ReadOnlySpan<byte> rest = message;
        ReadOnlySpan<byte> word = LogText.TakeWord(ref rest);
        if (LogLevels.NumberOf(word) == 0)
            return MayBegin(message) && TryRead(message, record);
        rest = rest.TrimStart((byte)' ');
        return MayBegin(rest) && TryRead(rest, record) && LogLevels.TrySet(record, word);
    }

    private static bool MayBegin(ReadOnlySpan<byte> text) =>
        !text.IsEmpty && (text[0] is (byte)'"' or (byte)':' || char.IsAsciiHexDigit((char)text[0]));

    /// <summary><c>[VHOST] CLIENT [FORWARDED] IDENT USER</c>; some leave out the last, some have the chain as the client.</summary>
    private static bool TryHead(ReadOnlySpan<byte> head, LogRecord record)
    {
        ReadOnlySpan<byte> rest = head;
        ReadOnlySpan<byte> client = rest.TakeChain();
        if (client.IsEmpty || rest.IsEmpty)
            return false;
        ReadOnlySpan<byte> behind = rest;
        ReadOnlySpan<byte> second = behind.TakeChain();
        if (!MayBeClient(Unquoted(client)))
            return false;
        if (!ForwardedChain.IsChain(Unquoted(client)) && ForwardedChain.IsChain(second))
        {
            SetDomain(client, record);
            client = second;
            rest = behind;
        }
        ReadOnlySpan<byte> forwarded = TakeForwarded(ref rest);
        // As the client has sent it a chain may hold blanks: one that goes on behind them ends with somebody else.
        if (HoldsMoreOfChain(rest))
            return true;
        SetSource(Unquoted(client), forwarded, record);
        // What identd said is passed over; nobody has asked it for decades.
        LogText.TakeWord(ref rest);
        if (!rest.SequenceEqual("-"u8) && !rest.SequenceEqual("\"\""u8))
            record.Set(EventFields.UserName, rest);
        return true;
    }

    /// <summary>Sets who has connected, and for whom: some have the chain before the one who has connected, some behind it.</summary>
    private static void SetSource(ReadOnlySpan<byte> client, ReadOnlySpan<byte> behind, LogRecord record)
    {
        bool isChainFirst = client.Contains((byte)',') && !behind.IsEmpty && !behind.Contains((byte)',');
        record.SetForwardedSource(isChainFirst ? behind : client);
        if (isChainFirst)
            record.SetForwarded(client);
        else if (!record.Has(EventFields.SourceForwarded))
            record.SetForwarded(behind);
    }

    /// <summary>
    /// A chain behind the client, as some formats have it. It stands there as the client has sent it, which may hold blanks: with a comma
    /// behind it, it may end elsewhere; and with words in it, it may be the rest of one that has begun before.
    /// </summary>
    private static ReadOnlySpan<byte> TakeForwarded(scoped ref ReadOnlySpan<byte> rest)
    {
        ReadOnlySpan<byte> behind = rest;
        ReadOnlySpan<byte> chain = behind.TakeChain();
        if (behind.IsEmpty || behind.Contains((byte)',') || !IsAllOfChain(chain))
            return default;
        rest = behind;
        return chain;
    }

    private static bool IsAllOfChain(ReadOnlySpan<byte> text)
    {
        foreach (Range element in text.Split((byte)','))
        {
            if (!ForwardedChain.IsChain(text[element]))
                return false;
        }
        return true;
    }

    /// <summary>Whether an address stands behind a comma: names of users may hold commas, too.</summary>
    private static bool HoldsMoreOfChain(ReadOnlySpan<byte> rest)
    {
        int comma = rest.LastIndexOf((byte)',');
        if (comma < 0)
            return false;
        ReadOnlySpan<byte> behind = rest[(comma + 1)..].TrimStart((byte)' ');
        return ForwardedChain.IsChain(LogText.TakeWord(ref behind));
    }

    /// <summary>An address, or a name with dots or a port; words of other headers are none.</summary>
    private static bool MayBeClient(ReadOnlySpan<byte> client) =>
        client.Contains((byte)'.') || client.Contains((byte)':') || client.SequenceEqual("-"u8) || client.SequenceEqual("localhost"u8);

    private static void SetDomain(ReadOnlySpan<byte> host, LogRecord record)
    {
        int colon = host.LastIndexOf((byte)':');
        record.Set(EventFields.UrlDomain, colon > 0 && LogText.IsNumber(host[(colon + 1)..]) ? host[..colon] : host);
    }

    /// <summary>The quote that a status follows.</summary>
    private static int EndOfRequest(ReadOnlySpan<byte> text)
    {
        for (int from = 0; from < text.Length;)
        {
            int at = HttpText.EndOfQuoted(text[from..], (byte)' ');
            if (at < 0)
                return -1;
            ReadOnlySpan<byte> behind = text[(from + at + 1)..];
            if (behind.Length >= 2 && (behind[1] == '-' || (behind.Length >= 4 && LogText.IsNumber(behind[1..4]))))
                return from + at;
            from += at + 1;
        }
        return -1;
    }

    /// <summary>Referer and agent, and the seconds that nginx and eventlet may write before or behind them.</summary>
    private static void ReadTail(ReadOnlySpan<byte> rest, LogRecord record)
    {
        ReadOnlySpan<byte> chain = default;
        bool areMany = false;
        for (int quoted = 0; !rest.IsEmpty;)
        {
            if (rest[0] != '"')
            {
                ReadOnlySpan<byte> word = LogText.TakeWord(ref rest);
                // Without a point it may be anything, and seconds, milliseconds or microseconds.
                if (word.Contains((byte)'.') && !record.Has(EventFields.Duration))
                    LogText.SetSeconds(record, word);
                continue;
            }
            rest = rest[1..];
            int end = HttpText.EndOfQuoted(rest, (byte)' ');
            if (end < 0)
                break;
            ReadOnlySpan<byte> text = rest[..end];
            rest = end + 2 <= rest.Length ? rest[(end + 2)..] : default;
            if (++quoted == 2 && !text.SequenceEqual("-"u8))
                record.Set(EventFields.UserAgent, text);
            // What a site adds: mostly for whom the request was forwarded. Of several that look like that nobody knows which it is.
            if (quoted <= 2 || !ForwardedChain.IsChain(text))
                continue;
            areMany |= !chain.IsEmpty && !chain.SequenceEqual(text);
            chain = text;
        }
        if (!areMany && !record.Has(EventFields.SourceForwarded))
            record.SetForwarded(chain);
    }

    private static ReadOnlySpan<byte> Unquoted(ReadOnlySpan<byte> text) =>
        text.Length > 2 && text[0] == '"' && text[^1] == '"' ? text[1..^1] : text;
}
