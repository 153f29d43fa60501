using Metrics.Formats.Logs.Servers;
using Metrics.Model;

namespace Metrics.Formats.Logs.OpenStack;

/// <summary>The requests that APIs answer, as eventlet and nova's and placement's own middleware write them.</summary>
/// <remarks>
/// <code>
/// 192.0.2.7,10.0.0.1 "GET /v2.1/54fa…/servers/detail HTTP/1.1" status: 200 len: 1893 time: 0.2477829
/// 192.0.2.7 "GET /resource_providers" status: 200 len: 53 microversion: 1.36 time: 0.0149
/// 192.0.2.7 - - [26/Nov/2026 10:00:00] "GET /v2/images HTTP/1.1" 404 419 0.020062
/// </code>
/// The last address is that of whoever has connected; what stands before it is what <c>X-Forwarded-For</c> says.
/// </remarks>
internal static class OsloRequests
{
    /// <summary>Quotes at which a request may begin that are looked at; bounds the work on a path that is made of them.</summary>
    private const int MaxTries = 256;

    /// <summary>Reads a text that is such a line.</summary>
    public static bool TryRead(ReadOnlySpan<byte> text, LogRecord record)
    {
        // The path is the client's choice, raw: what ends it is what the server writes behind it, the last of it.
        int end = text.LastIndexOf("\" status: "u8);
        if (end >= 0 && TryRequest(text[..end], hasStamp: false, record))
        {
            ReadPairs(text[(end + 2)..], record);
            return true;
        }
        end = text.LastIndexOf("\" "u8);
        if (end < 0 || !TryRequest(text[..end], hasStamp: true, record))
            return false;
        ReadOnlySpan<byte> rest = text[(end + 2)..];
        HttpText.TrySetStatus(record, LogText.TakeWord(ref rest));
        HttpText.SetBytes(record, LogText.TakeWord(ref rest));
        LogText.SetSeconds(record, rest);
        return true;
    }

    /// <summary>
    /// <c>192.0.2.7,10.0.0.1 "GET /</c>, read from behind, since what the client has had forwarded stands first and may hold all that
    /// follows.
    /// </summary>
    private static bool TryRequest(ReadOnlySpan<byte> text, bool hasStamp, LogRecord record)
    {
        int tries = 0;
        for (int open = text.LastIndexOf(" \""u8); open >= 0; open = text[..open].LastIndexOf(" \""u8))
        {
            if (++tries > MaxTries)
                return false;
            ReadOnlySpan<byte> clients = text[..open];
            if (hasStamp && !TryCutStamp(ref clients))
                continue;
            bool isLocal = clients.SequenceEqual("<local>"u8);
            if ((!isLocal && !ForwardedChain.IsChain(clients)) || !HttpText.TrySetRequest(record, text[(open + 2)..]))
                continue;
            record.Kind = EventKinds.HttpRequest;
            // One request before another: what was forwarded holds one, or the path does. Nobody can tell which.
            if (!isLocal && !HoldsRequest(clients))
                record.SetForwardedSource(clients);
            return true;
        }
        return false;
    }

    /// <summary>Takes <c> - - [26/Nov/2026 10:00:00]</c> off the end.</summary>
    private static bool TryCutStamp(ref ReadOnlySpan<byte> text)
    {
        int stamp = text.LastIndexOf(" - - ["u8);
        if (stamp < 0 || text.Length - stamp > 40 || text[^1] != ']')
            return false;
        text = text[..stamp];
        return true;
    }

    private static bool HoldsRequest(ReadOnlySpan<byte> text)
    {
        for (int at = text.IndexOf(" \""u8); at >= 0 && at + 2 < text.Length;)
        {
            if (char.IsAsciiLetterUpper((char)text[at + 2]))
                return true;
            int step = text[(at + 2)..].IndexOf(" \""u8);
            at = step < 0 ? -1 : at + 2 + step;
        }
        return false;
    }

    /// <summary><c>POST http://192.0.2.1:5000/v3/auth/tokens</c>: a request that is not answered yet stays a log.</summary>
    public static bool TryReadBegin(ReadOnlySpan<byte> logger, ReadOnlySpan<byte> text, LogRecord record)
    {
        int url = text[..Math.Min(text.Length, 12)].IndexOf(" http"u8);
        return url > 0 && logger.EndsWith(".wsgi"u8) && HttpText.TrySetRequest(record, text);
    }

    /// <summary><c>status: 200  len: 1893 microversion: 2.1 time: 0.24</c></summary>
    private static void ReadPairs(ReadOnlySpan<byte> rest, LogRecord record)
    {
        while (!rest.IsEmpty)
        {
            ReadOnlySpan<byte> key = LogText.TakeWord(ref rest);
            if (key.IsEmpty)
                continue;
            ReadOnlySpan<byte> value = LogText.TakeWord(ref rest);
            if (key.SequenceEqual("status:"u8))
                HttpText.TrySetStatus(record, value);
            else if (key.SequenceEqual("len:"u8))
                HttpText.SetBytes(record, value);
            else if (key.SequenceEqual("time:"u8))
                LogText.SetSeconds(record, value);
        }
    }
}
