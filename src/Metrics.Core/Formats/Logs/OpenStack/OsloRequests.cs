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
    /// <summary>Reads a text that is such a line.</summary>
    public static bool TryRead(ReadOnlySpan<byte> text, LogRecord record)
    {
        ReadOnlySpan<byte> rest = text;
        ReadOnlySpan<byte> clients = rest.TakeChain();
        bool isLocal = clients.SequenceEqual("<local>"u8);
        if (!isLocal && !ForwardedChain.IsChain(clients))
            return false;
        bool hasStamp = LogText.TryTake(ref rest, "- - ["u8);
        if (hasStamp && (!LogText.TryTakeUntil(ref rest, (byte)']', out _, 32) || !LogText.TryTake(ref rest, " "u8)))
            return false;
        if (!LogText.TryTake(ref rest, "\""u8))
            return false;
        // The path is the client's choice, raw: what ends it is what the server writes behind it, the last of it.
        int end = hasStamp ? rest.LastIndexOf("\" "u8) : rest.LastIndexOf("\" status: "u8);
        if (end < 0 || !HttpText.TrySetRequest(record, rest[..end]))
            return false;
        record.Kind = EventKinds.HttpRequest;
        if (!isLocal)
            record.SetForwardedSource(clients);
        rest = rest[(end + 2)..];
        if (hasStamp)
        {
            HttpText.TrySetStatus(record, LogText.TakeWord(ref rest));
            HttpText.SetBytes(record, LogText.TakeWord(ref rest));
            LogText.SetSeconds(record, rest);
        }
        else
        {
            ReadPairs(rest, record);
        }
        return true;
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
