using System.Buffers;
using Metrics.Model;

namespace Metrics.Formats.Logs.Servers;

/// <summary>What the lines about HTTP requests have in common, whoever writes them.</summary>
internal static class HttpText
{
    private const int MaxMethodLength = 20;

    private static readonly SearchValues<byte> s_methodBytes = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZ-_"u8);

    /// <summary>
    /// The end of a text in quotes: the first quote that no backslash escapes and that <paramref name="follower"/> stands behind. What is
    /// between them is the client's choice, and not all servers escape quotes.
    /// </summary>
    /// <param name="text">Begins behind the first quote.</param>
    /// <param name="follower">A byte that must stand behind, or the end.</param>
    /// <returns>Where the quote is, or -1.</returns>
    public static int EndOfQuoted(ReadOnlySpan<byte> text, byte follower)
    {
        for (int from = 0; from < text.Length;)
        {
            int at = text[from..].IndexOf((byte)'"');
            if (at < 0)
                return -1;
            at += from;
            int behind = at + 1;
            if (!IsEscaped(text, from, at) && (behind == text.Length || text[behind] == follower))
                return at;
            from = behind;
        }
        return -1;
    }

    /// <summary>Sets method and path from <c>GET /path HTTP/1.1</c>; nothing where it is no such text, as when TLS was spoken.</summary>
    /// <returns>Whether it is a request.</returns>
    public static bool TrySetRequest(LogRecord record, ReadOnlySpan<byte> request)
    {
        int end = request[..Math.Min(request.Length, MaxMethodLength + 1)].IndexOf((byte)' ');
        if (end < 1 || request[..end].ContainsAnyExcept(s_methodBytes))
            return false;
        ReadOnlySpan<byte> url = request[(end + 1)..];
        int version = url.LastIndexOf(" HTTP/"u8);
        // The path may hold blanks, which end it for no server but for those who read its log.
        if (version >= 0)
            url = url[..version];
        record.Set(EventFields.HttpMethod, request[..end]);
        record.Set(EventFields.Url, url);
        return true;
    }

    /// <summary>Sets what was answered, and whether it was what the client wanted.</summary>
    /// <returns>Whether it is a status: three digits.</returns>
    public static bool TrySetStatus(LogRecord record, ReadOnlySpan<byte> status)
    {
        if (status.Length != 3 || !LogText.IsNumber(status))
            return false;
        record.Set(EventFields.HttpStatus, status);
        record.Set(EventFields.Outcome, status[0] is >= (byte)'1' and <= (byte)'3' ? "success" : "failure");
        return true;
    }

    /// <summary>Sets the bytes that were answered, where it is a number.</summary>
    public static void SetBytes(LogRecord record, ReadOnlySpan<byte> bytes)
    {
        if (LogText.IsNumber(bytes))
            record.Set(EventFields.HttpBytes, bytes);
    }

    /// <summary>Whether an odd number of backslashes stands before a place.</summary>
    private static bool IsEscaped(ReadOnlySpan<byte> text, int from, int at)
    {
        int first = at;
        while (first > from && text[first - 1] == '\\')
            first--;
        return ((at - first) & 1) == 1;
    }
}
