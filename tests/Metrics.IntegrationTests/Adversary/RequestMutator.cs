using System.IO.Compression;
using System.Text;

namespace Metrics.IntegrationTests.Adversary;

/// <summary>A request, and how it is to be sent.</summary>
/// <param name="Bytes">All of it.</param>
/// <param name="Method">Its method.</param>
/// <param name="IsWhole">Whether its framing is right, so that the next one may follow on the same connection.</param>
internal sealed record MutatedRequest(byte[] Bytes, string Method, bool IsWhole);

/// <summary>Makes requests that are nearly right, the same ones from the same number.</summary>
/// <param name="routes">The routes, as docs/rights.md has them.</param>
internal sealed class RequestMutator(IReadOnlyList<string> routes)
{
    private static readonly string[] s_methods =
        ["GET", "GET", "GET", "POST", "POST", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "get", "TRACE", "WRITE", "QUERY"];

    private static readonly string[] s_names =
    [
        "query", "time", "start", "end", "step", "timeout", "limit", "match[]", "from", "to", "order", "text", "after", "alert", "filter",
        "receiver", "active", "silenced", "inhibited", "precision", "q", "p", "until", "sig", "metric", "limit_per_metric", "type",
        "state", "rule_name[]", "rule_group[]", "file[]", "group_limit", "group_next_token", "scrapePool", "lookback_delta", "db",
        "bucket", "by", "comment", "duration", "__RequestVerificationToken", "_handler", "stats", "exclude_alerts", "x",
    ];

    /// <summary>Parameters that routes of a path really have.</summary>
    private static readonly (string Path, string[] Names)[] s_own =
    [
        ("query_range", ["query", "start", "end", "step", "timeout", "limit"]), ("query", ["query", "time", "timeout", "limit"]),
        ("label", ["match[]", "start", "end", "limit"]), ("series", ["match[]", "start", "end", "limit"]), ("federate", ["match[]"]),
        ("events", ["match[]", "from", "to", "after", "order", "limit", "text"]), ("export", ["from", "to", "metric"]),
        ("explain", ["alert"]),
        ("audit", ["limit"]), ("api/v2", ["filter", "receiver"]), ("write", ["precision", "names"]), ("acknowledge", ["until", "sig"]),
        ("rules", ["type", "rule_name[]", "group_limit", "group_next_token"]), ("tsdb", ["limit"]), ("metadata", ["limit", "metric"]),
    ];

    /// <summary>Escaped as they stand in an address.</summary>
    private static readonly string[] s_values =
    [
        "", "0", "1", "-1", "-5", "NaN", "Inf", "-Inf", "1e400", "-1e400", "1e-400", "9e99", "8.9e12", "-8.9e12", "9223372036854775807",
        "-9223372036854775808", "18446744073709551616", "4294967296", "1e15", "0x7f", "1_000", "%2B1", "1.", "+1", "true", "1s", "1ms",
        "0s", "-1h", "300y", "99999999999y", "106751d", "1h1h", "1w", "5m", "1700000000", "1700000000.123456789", "2026-01-31T12:00:00Z",
        "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.9999999-14:00", "2026-02-30T00:00:00Z", "2026-01-31T25:61:61Z", "%00", "a%00b",
        "%ED%A0%80", "%FF%FE", "%C0%AF", "%", "%zz", "%u0041", "%0d%0aX:%20y", "..%2f..%2fetc%2fpasswd", "%F0%9F%92%A9", "newest",
        "oldest", "up", "up%5B5m%5D", "up%5B99999999y%5D", "up%5B1ms%5D", "up%5B5m:1ms%5D", "up%20offset%20-300y", "up%20%40%201e300",
        "up%20%40%20-9e15", "up%20%40%20NaN", "vector(1e400)", "1/0", "-9e15%20%25%200", "%7B__name__=~%22.%2B%22%7D", "%7B%7D",
        "%7Ba=%22%5Cud800%22%7D", "%7Ba=%22%5C000%22%7D", "%7Ba=~%22(%22%7D", "%7Ba=~%22(a%2B)%2B$%22%7D", "%22%5Cxff%22",
        "rate(up%5B1h%5D)", "label_replace(up,%22%22,%22$99999999999%22,%22%22,%22(.*)%22)",
        "label_replace(up,%22a%22,%22$1%22,%22b%22,%22(%22)", "count_values(%22%22,up)", "quantile(1e400,up)", "topk(1e300,up)",
        "topk(NaN,up)", "round(up,0)", "histogram_quantile(2,up)", "holt_winters(up%5B5m%5D,2,2)", "predict_linear(up%5B1h%5D,1e300)",
        "timestamp(vector(1e300))", "month(vector(1e300))", "day_of_year(vector(-1e18))", "minute(vector(NaN))", "absent(%7B%7D)",
        "sort_by_label(up,%22%22)", "up%20and%20on(a)%20group_left%20up", "sum%20by%20(%22%22)%20(up)", "time()", "time()%5B1y:1ms%5D",
        "info(up)", "CREATE%20DATABASE%20x", "drop", "ns", "us", "h", "fortnight", "host=a", "host=~(", "a=b,c=~%22d%22", "%7Bhost=a%7D",
        "!", "=", "host%3D%22", "Watchdog", "Watchdog%7Ba=%22b%22%7D", "1;2", "a&a&a", "a+b",
    ];

    private static readonly string[] s_types =
    [
        "application/json", "application/json; charset=utf-16", "application/json; charset=nonsense", "application/x-www-form-urlencoded",
        "application/x-www-form-urlencoded; charset=utf-7", "multipart/form-data; boundary=x", "multipart/form-data", "text/plain", "",
        "multipart/form-data; boundary=" + "\"\"", "application/x-ndjson", "*/*", "text/html;;;", "multipart/mixed; boundary=x", "\u00ff",
    ];

    private static readonly string[] s_headers =
    [
        "Accept-Encoding: gzip, br, *;q=-1", "Accept-Encoding: gzip;q=nan", "Authorization: Basic !!!", "Authorization: Basic /////w==",
        "Authorization: Bearer", "Authorization: Negotiate x", "Host: evil.example", "Host: a:99999999", "Host: [::1", "Host: ",
        "Origin: null", "Origin: http://", "Origin: \u00ff", "Sec-Fetch-Site: cross-site", "Cookie: .AspNetCore.Antiforgery.x=%00; a",
        "Cookie: ;;;=;", "Range: bytes=-1", "If-None-Match: \"", "If-Modified-Since: yesterday", "Expect: 100-continue",
        "Expect: 200-maybe", "Last-Event-ID: -1", "Last-Event-ID: x", "Accept: text/event-stream", "Accept: ;;;",
        "Upgrade: websocket\r\nConnection: Upgrade", "X-HTTP-Method-Override: DELETE", "X-Forwarded-For: \u00ff",
        "Content-Encoding: gzip", "Content-Encoding: br", "Referer: %", "Access-Control-Request-Method: POST\r\nOrigin: http://x",
        "Traceparent: 00-0-0-0", "Accept-Language: \u00ff", "TE: trailers",
    ];

    private static readonly string[] s_bodies =
    [
        """{"matchers":[{"name":"a","value":"b","isRegex":false}],"startsAt":"2026-01-01T00:00:00Z","endsAt":"2026-01-02T00:00:00Z","""
            + """ "createdBy":"x","comment":"y"}""",
        """[{"labels":{"alertname":"x"},"annotations":{"s":""},"startsAt":"2026-01-01T00:00:00Z","endsAt":"2026-01-02T00:00:00Z"}]""",
        """[{"name":"host","digest":"00"},{"name":"rules","digest":""}]""",
        """{"kind":"log","body":"text","time":"2026-01-31T12:00:00Z","severity_number":9,"a.b":1,"user":{"name":"x"}}""",
        "{\"node\":\"n\",\"log\":\"l\",\"session\":\"s\",\"event_lag\":1.5}\n[1,2,3,\"log\",9,\"text\",\"a.b\",\"x\"]\n",
        "cpu,host=a load=1,b=2i,c=t,d=\"text\" 1700000000000\nmem value=1e3 1700000000000000000\n",
        "query=up&time=1700000000&timeout=1s&start=0&end=10&step=1&match[]=up",
        "filter=host%3Da&duration=2h&by=ann&comment=known&__RequestVerificationToken=x",
        "--x\r\nContent-Disposition: form-data; name=\"query\"\r\n\r\nup\r\n"
            + "--x\r\nContent-Disposition: form-data; name=\"f\"; filename=\"g\"\r\n\r\n1\r\n--x--\r\n",
        "q=CREATE DATABASE x",
    ];

    /// <summary>What is put where something else stood.</summary>
    private static readonly string[] s_pieces =
    [
        "null", "1e400", "-1", "99999999999999999999", "\"\\ud800\"", "\"\\u0000\"", "\\udc00", "[]", "{}", "\"", "\\", "\0", "\u00ff",
        "true", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", "{\"a\":", "\"\":\"\"", ",", ":", "=", "&", "%",
        "%00", "\r\n", "\n\n\n", " ", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.9999999-14:00", "-9223372036854775808",
        "9223372036854775807", "NaN", "i", "\ufeff", "a=~(",
    ];

    /// <summary>The request of a number.</summary>
    public MutatedRequest Make(int number)
    {
#pragma warning disable CA5394 // The same ones each time: that is wanted.
        var random = new Random(number);
        string method = Any(random, s_methods);
        string target = Target(random);
        byte[] body = method is "GET" or "HEAD" or "get" && random.Next(8) > 0 ? [] : Body(random);
        var head = new StringBuilder($"{method} {target} HTTP/1.{(random.Next(50) == 0 ? random.Next(10) : 1)}\r\n");
        string headers = string.Concat(Enumerable.Range(0, random.Next(3)).Select(_ => Any(random, s_headers) + "\r\n"));
        if (!headers.Contains("Host:", StringComparison.Ordinal))
            head.Append("Host: 127.0.0.1\r\n");
        if (random.Next(400) == 0)
            headers += $"X-Long: {new string('x', random.Next(60_000))}\r\n";
        head.Append(headers);
        if (random.Next(4) > 0 && body.Length > 0)
            head.Append($"Content-Type: {Any(random, s_types)}\r\n");
        bool isWhole = random.Next(25) > 0;
        head.Append(isWhole ? $"Content-Length: {body.Length}\r\n\r\n" : Framing(random, body.Length));
        byte[] bytes = [.. Encoding.Latin1.GetBytes(head.ToString()), .. body];
        if (!isWhole && random.Next(3) == 0)
            bytes = Mutate(random, bytes);
        return new MutatedRequest(bytes, method, isWhole);
    }

    private string Target(Random random)
    {
        string path = routes[random.Next(routes.Count)];
        // These do real work each time.
        if (path is "/export" or "/-/reload" && random.Next(20) > 0)
            path = routes[random.Next(routes.Count)];
        while (path.IndexOf('{', StringComparison.Ordinal) is >= 0 and var from)
            path = path[..from] + Any(random, s_values) + path[(path.IndexOf('}', from) + 1)..];
        path = random.Next(30) switch
        {
            0 => path + "/",
            1 => path.ToUpperInvariant(),
            2 => path.Replace("/", "//", StringComparison.Ordinal),
            3 => path.Replace("/", "/%2e%2e/", StringComparison.Ordinal),
            4 => path + Any(random, s_values),
            5 => "*",
            6 => "http://127.0.0.1" + path,
            7 => path + "%00",
            _ => path,
        };
        int parameters = random.Next(7);
        if (parameters == 0)
            return path;
        string[] own = s_own.FirstOrDefault(o => path.Contains(o.Path, StringComparison.Ordinal)).Names ?? s_names;
        IEnumerable<string> pairs =
            Enumerable.Range(0, parameters).Select(_ => $"{Any(random, random.Next(5) == 0 ? s_names : own)}={Any(random, s_values)}");
        string target = $"{path}?{string.Join('&', pairs)}";
        return random.Next(300) == 0 ? target + new string('a', random.Next(80_000)) : target;
    }

    private static byte[] Body(Random random)
    {
        string text = Any(random, s_bodies);
        for (int i = random.Next(4); i > 0; i--)
        {
            int at = random.Next(text.Length + 1), length = random.Next(3) == 0 ? 0 : random.Next(Math.Min(12, text.Length - at + 1));
            text = text[..at] + Any(random, s_pieces) + text[(at + length)..];
        }
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        return random.Next(6) switch
        {
            0 => Mutate(random, bytes),
            1 => Mutate(random, Packed(bytes)),
            2 => Packed(bytes),
            _ => bytes,
        };
    }

    /// <summary>Says something else of the body's length than what is.</summary>
    private static string Framing(Random random, int length) => random.Next(9) switch
    {
        0 => $"Content-Length: {length + 10}\r\n\r\n",
        1 => "Content-Length: -1\r\n\r\n",
        2 => "Content-Length: 99999999999999999999\r\n\r\n",
        3 => $"Content-Length: {length}\r\nContent-Length: 1\r\n\r\n",
        4 => "Transfer-Encoding: chunked\r\n\r\n",
        5 => $"Transfer-Encoding: chunked\r\n\r\n{length:x}\r\n",
        6 => "Transfer-Encoding: gzip, nonsense\r\n\r\n",
        7 => $"Transfer-Encoding: chunked\r\nContent-Length: {length}\r\n\r\nffffffffff\r\n",
        _ => "\r\n",
    };

    private static byte[] Mutate(Random random, byte[] bytes)
    {
        byte[] mutated = [.. bytes];
        for (int i = random.Next(1, 5); i > 0 && mutated.Length > 0; i--)
            mutated[random.Next(mutated.Length)] = (byte)random.Next(256);
        return random.Next(3) == 0 ? mutated[..random.Next(mutated.Length + 1)] : mutated;
    }

    private static byte[] Packed(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
            gzip.Write(bytes);
        return packed.ToArray();
    }

    private static string Any(Random random, string[] of) => of[random.Next(of.Length)];
#pragma warning restore CA5394
}
