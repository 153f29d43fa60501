using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Metrics.Configuration;

namespace Metrics.Storage.Samples.Influx;

/// <summary>What to do after an answer to a write.</summary>
internal enum WriteVerdict
{
    /// <summary>All lines are stored.</summary>
    Written,

    /// <summary>Some lines are refused for good, the others are stored: never send them again.</summary>
    Partial,

    /// <summary>Nothing is stored, because of some line in it: send the halves.</summary>
    Halve,

    /// <summary>Nothing is stored and nothing of it ever will be.</summary>
    Rejected,

    /// <summary>The server cannot now: try again later.</summary>
    Retry,

    /// <summary>The configuration or the rights are wrong: keep everything, try slowly, until an operator acts.</summary>
    Hold,

    /// <summary>The database is missing: create it if allowed, else hold.</summary>
    NoDatabase,
}

/// <summary>An answer, judged. Pure.</summary>
/// <param name="Verdict">What to do.</param>
/// <param name="Dropped">Lines that the server refused, for <see cref="WriteVerdict.Partial"/>.</param>
/// <param name="Reason">The server's words, shortened.</param>
/// <param name="RetryAfter">How long the server asks to wait.</param>
internal sealed partial record InfluxAnswer(WriteVerdict Verdict, int Dropped, string Reason, TimeSpan? RetryAfter)
{
    private const string WebPage = "the answer is a web page; is this really InfluxDB, or a proxy before it?";
    private static readonly TimeSpan s_longestRetryAfter = TimeSpan.FromMinutes(10);

    /// <summary>The three forms of RFC 9110, 5.6.7.</summary>
    private static readonly string[] s_httpDates = ["R", "dddd, dd-MMM-yy HH:mm:ss 'GMT'", "ddd MMM d HH:mm:ss yyyy"];

    /// <summary>Whether all of it is to be sent once more.</summary>
    public bool IsToBeSentAgain => Verdict is WriteVerdict.Retry or WriteVerdict.Hold;

    /// <summary>Judges an answer by its status and by its words, since neither alone tells.</summary>
    /// <param name="version">Which write form was used.</param>
    /// <param name="words">The answer.</param>
    /// <param name="now">For a date in <c>Retry-After</c>.</param>
    public static InfluxAnswer Judge(InfluxVersion version, InfluxWords words, DateTimeOffset now)
    {
        (int status, string? contentType, string? errorHeader, string body, string? retryAfter, int refused) = words;
        string reason = ReadReason(errorHeader, body, out bool saysError);
        bool isPage = IsWebPage(contentType, body);
        if (status is >= 200 and < 300)
        {
            return isPage ? new(WriteVerdict.Hold, 0, WebPage, null)
                : saysError ? new(WriteVerdict.Hold, 0, string.Create(CultureInfo.InvariantCulture, $"HTTP {status}, but: {reason}"), null)
                : new(WriteVerdict.Written, 0, "", null);
        }
        bool partial = reason.Contains("partial write", StringComparison.OrdinalIgnoreCase);
        bool permanent = partial
            || reason.Contains("field type conflict", StringComparison.Ordinal)
            || reason.Contains("points beyond retention policy", StringComparison.Ordinal);
        switch (status)
        {
            case 400 or 422 when isPage:
                // InfluxDB judges lines in JSON or plain words; a page comes from something between, which has not seen them.
                return new(WriteVerdict.Hold, 0, string.Create(CultureInfo.InvariantCulture, $"HTTP {status}: {WebPage}"), null);
            case 400 or 422 when partial:
            case 422 when CountRefused(body) > 0:
            case 500 when permanent:
                return new(WriteVerdict.Partial, refused > 0 ? refused : CountDropped(reason, body), reason, null);
            case 400 when reason.Contains("unable to parse", StringComparison.Ordinal):
                // Version 1 has stored the good lines and found none; version 2 refuses the whole batch for one bad line.
                return new(version == InfluxVersion.V1 ? WriteVerdict.Rejected : WriteVerdict.Halve, 0, reason, null);
            case 400 when reason.Contains("line protocol", StringComparison.Ordinal):
                return new(WriteVerdict.Halve, 0, reason, null);
            case 400:
                return new(version == InfluxVersion.V1 ? WriteVerdict.Rejected : WriteVerdict.Halve, 0, reason, null);
            case 413:
                return new(WriteVerdict.Halve, 0, reason, null);
            case 404 when reason.Contains("database not found", StringComparison.Ordinal):
            case 404 when version == InfluxVersion.V2 && BucketNotFound().IsMatch(reason):
                return new(WriteVerdict.NoDatabase, 0, reason, null);
            case 500 when reason.Contains("retention policy not found", StringComparison.Ordinal):
            case 401 or 403 or 404 or 405:
            case >= 300 and < 400:
                return new(WriteVerdict.Hold, 0, string.Create(CultureInfo.InvariantCulture, $"HTTP {status}: {reason}"), null);
            default:
                // What no version of InfluxDB says of lines says nothing against them.
                WriteVerdict verdict = status is 408 or 425 or 429 or 499 or >= 500 ? WriteVerdict.Retry : WriteVerdict.Hold;
                return new(verdict, 0, string.Create(CultureInfo.InvariantCulture, $"HTTP {status}: {reason}"),
                    verdict == WriteVerdict.Retry ? ReadRetryAfter(retryAfter, now) : null);
        }
    }

    /// <summary>Judges an answer to <c>/ping</c>: anybody who speaks for an InfluxDB will do, with or without rights.</summary>
    /// <returns>Null when it lives, else why it does not seem to.</returns>
    public static string? JudgePing(InfluxWords words) => words.Status switch
    {
        >= 500 or < 200 => string.Create(CultureInfo.InvariantCulture, $"HTTP {words.Status}"),
        >= 300 and < 400 => string.Create(CultureInfo.InvariantCulture, $"HTTP {words.Status}: it leads elsewhere, which is not followed"),
        _ when IsWebPage(words.ContentType, words.Body) => WebPage,
        _ => null,
    };

    /// <summary>
    /// Reads <c>Retry-After</c>: seconds, with a fraction or not, or an HTTP date; at most ten minutes; null for anything else.
    /// </summary>
    public static TimeSpan? ReadRetryAfter(string? text, DateTimeOffset now)
    {
        if (text is null)
            return null;
        TimeSpan wait;
        if (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double seconds))
            wait = TimeSpan.FromSeconds(Math.Min(seconds, s_longestRetryAfter.TotalSeconds));
        else if (DateTimeOffset.TryParseExact(
            text, s_httpDates, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AllowInnerWhite,
            out DateTimeOffset date))
            wait = date - now;
        else
            return null;
        return wait < TimeSpan.Zero ? TimeSpan.Zero : wait > s_longestRetryAfter ? s_longestRetryAfter : wait;
    }

    /// <summary>What a body says is wrong, or the body.</summary>
    public static string ErrorOr(string body) => ErrorText(body) ?? body;

    private static bool IsWebPage(string? contentType, string body) =>
        contentType is "text/html" or "application/xhtml+xml" || body.AsSpan().TrimStart() is ['<', ..];

    private static int CountDropped(string reason, string body)
    {
        if (DroppedCount().Match(reason) is { Success: true } match
            && int.TryParse(match.Groups[1].Value, CultureInfo.InvariantCulture, out int dropped) && dropped > 0)
            return dropped;
        // 1.x says dropped=0 for lines that it could not parse and did drop: it names each.
        return CountRefused(body) is > 0 and var refused ? refused : Math.Max(1, UnparsableLine().Count(reason));
    }

    /// <summary>The lines that version 3 names in <c>data</c>.</summary>
    private static int CountRefused(string body)
    {
        using JsonDocument? json = TryParse(body);
        return json is { RootElement.ValueKind: JsonValueKind.Object } && json.RootElement.TryGetProperty("data", out JsonElement data)
            ? data.ValueKind switch { JsonValueKind.Array => data.GetArrayLength(), JsonValueKind.Object => 1, _ => 0 }
            : 0;
    }

    private static string ReadReason(string? header, string body, out bool saysError)
    {
        string? reason = header ?? ErrorText(body);
        saysError = reason is { Length: > 0 };
        reason = saysError ? reason! : body.Trim();
        return reason.Length > 2000 ? reason[..2000] : reason;
    }

    private static string? ErrorText(string body)
    {
        using JsonDocument? json = TryParse(body);
        if (json is not { RootElement.ValueKind: JsonValueKind.Object })
            return null;
        // Version 2 says what was wrong in "message"; 1 and 3 in "error".
        if (json.RootElement.TryGetProperty("message", out JsonElement message) && message.ValueKind == JsonValueKind.String)
            return InfluxJson.TextOf(message);
        return json.RootElement.TryGetProperty("error", out JsonElement error) ? InfluxJson.TextOf(error) : null;
    }

    private static JsonDocument? TryParse(string body)
    {
        try
        {
            return JsonDocument.Parse(body);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    [GeneratedRegex(@"dropped=(\d+)")]
    private static partial Regex DroppedCount();

    /// <summary><c>bucket "x" not found</c>.</summary>
    [GeneratedRegex("bucket .*not found", RegexOptions.IgnoreCase)]
    private static partial Regex BucketNotFound();

    [GeneratedRegex("unable to parse '")]
    private static partial Regex UnparsableLine();
}
