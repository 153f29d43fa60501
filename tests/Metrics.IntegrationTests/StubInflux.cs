using System.Collections.Concurrent;
using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Text;
using System.Text.Json;

namespace Metrics.IntegrationTests;

/// <summary>
/// Stands in for InfluxDB 2 and 3, which cannot be had here: checks each request to the letter and gives the answers read in those servers'
/// sources. A line with the value 666 is refused as each version refuses it: 2 the whole batch, 3 that line alone. What is written can be
/// read back, all of it whatever is asked. 2 begins without its bucket.
/// </summary>
internal sealed class StubInflux : IDisposable
{
    private readonly LocalServer _server;
    private readonly int _version;
    private readonly ConcurrentQueue<(int Status, string RetryAfter)> _failures = new();

    internal sealed record Seen(string Request, string? Authorization, string? Encoding, string? ContentType);

    public StubInflux(int version)
    {
        _version = version;
        _server = new LocalServer(Take);
    }

    public string Url => _server.Url.TrimEnd('/');

    public ConcurrentQueue<Seen> Requests { get; } = new();

    public ConcurrentQueue<string> Lines { get; } = new();

    /// <summary>What it gives back: lines of one field and plain labels, not the daemon's own, which come now and then.</summary>
    private IEnumerable<string> Told => Lines.Where(l => l.StartsWith("stub_", StringComparison.Ordinal));

    public void FailNext(int status, string retryAfter) => _failures.Enqueue((status, retryAfter));

    public void Dispose() => _server.Dispose();

    /// <summary>The body of the request that made the bucket.</summary>
    public string? Bucket { get; private set; }

    private async Task Take(HttpListenerContext context)
    {
        switch (context.Request.Url!.AbsolutePath)
        {
            case "/ping":
                context.Response.AddHeader("X-Influxdb-Version", _version == 2 ? "v2.7.12" : "3.10.0");
                Reply(context, _version == 2 ? 204 : 200, _version == 2 ? "" : "{\"version\":\"3.10.0\"}");
                break;
            case "/api/v2/orgs":
                Reply(context, 200, "{\"orgs\":[{\"id\":\"0123456789abcdef\",\"name\":\"ops\"}]}");
                break;
            case "/api/v2/buckets":
                Bucket = await LocalServer.ReadAsync(context);
                Reply(context, 201, "{\"id\":\"fedcba9876543210\",\"name\":\"metrics\",\"retentionRules\":[]}");
                break;
            case "/api/v2/query" when _version == 2:
                Reply(context, 200, string.Concat(Told.Select((l, i) => Csv(i, l))), "text/csv");
                break;
            case "/api/v3/query_sql" when _version == 3:
                ReplySql(context, await LocalServer.ReadAsync(context));
                break;
            default:
                Answer(context, context.Request);
                break;
        }
    }

    /// <summary>A line as a table of Flux.</summary>
    private static string Csv(int table, string line)
    {
        (string measurement, (string Key, string Value)[] tags, (string Key, string Value) field, long time) = Parse(line);
        string at = DateTimeOffset.FromUnixTimeMilliseconds(time).ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);
        string Of(Func<(string Key, string Value), string> what) => string.Concat(tags.Select(t => $",{what(t)}"));
        return $"#datatype,string,long,dateTime:RFC3339,dateTime:RFC3339,dateTime:RFC3339,double,string,string{Of(_ => "string")}\r\n"
            + $"#group,false,false,true,true,false,false,true,true{Of(_ => "true")}\r\n"
            + $"#default,_result,,,,,,,{Of(_ => "")}\r\n"
            + $",result,table,_start,_stop,_time,_value,_field,_measurement{Of(t => t.Key)}\r\n"
            + $",,{table},{at},{at},{at},{field.Value},{field.Key},{measurement}{Of(t => $"\"{t.Value}\"")}\r\n\r\n";
    }

    private void ReplySql(HttpListenerContext context, string request)
    {
        string sql = JsonDocument.Parse(request).RootElement.GetProperty("q").GetString()!;
        var lines = Told.Select(Parse).ToList();
        if (sql.Contains("information_schema", StringComparison.Ordinal))
        {
            Reply(context, 200, string.Concat(lines.Select(l => l.Measurement).Distinct().Select(m => $"{{\"table_name\":\"{m}\"}}\n")));
            return;
        }
        string table = sql.Split('"')[1];
        if (lines.TrueForAll(l => l.Measurement != table))
            Reply(context, 400, $"{{\"error\":\"Error during planning: table 'public.iox.{table}' not found\"}}");
        else
            Reply(context, 200, string.Concat(lines.Where(l => l.Measurement == table).OrderBy(l => l.Time).Select(l =>
                $"{{{string.Concat(l.Tags.Select(t => $"\"{t.Key}\":\"{t.Value}\","))}\"{l.Field.Key}\":{l.Field.Value},\"time\":\""
                    + DateTimeOffset.FromUnixTimeMilliseconds(l.Time).ToString("yyyy-MM-ddTHH:mm:ss.fff", CultureInfo.InvariantCulture)
                    + "\"}\n")));
    }

    private static (string Measurement, (string Key, string Value)[] Tags, (string Key, string Value) Field, long Time) Parse(string line)
    {
        string[] parts = line.Split(' ');
        string[] key = parts[0].Split(',');
        return (key[0], [.. key[1..].Select(Pair)], Pair(parts[1]), long.Parse(parts[2], CultureInfo.InvariantCulture));

        static (string, string) Pair(string text) => (text.Split('=')[0], text.Split('=')[1]);
    }

    private void Answer(HttpListenerContext context, HttpListenerRequest request)
    {
        Requests.Enqueue(
            new Seen($"POST {request.RawUrl}", request.Headers["Authorization"], request.Headers["Content-Encoding"], request.ContentType));
        using var reader = new StreamReader(new GZipStream(request.InputStream, CompressionMode.Decompress), Encoding.UTF8);
        string[] lines = reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        if (_failures.TryDequeue(out (int Status, string RetryAfter) failure))
        {
            context.Response.AddHeader("Retry-After", failure.RetryAfter);
            Reply(context, failure.Status, "{\"code\":\"unavailable\",\"message\":\"overloaded\"}");
            return;
        }
        if (_version == 2 && Bucket is null)
        {
            Reply(context, 404, "{\"code\":\"not found\",\"message\":\"bucket \\\"metrics\\\" not found\"}");
            return;
        }
        string[] bad = [.. lines.Where(l => l.Contains("=666 ", StringComparison.Ordinal))];
        if (bad.Length > 0 && _version == 2)
        {
            Reply(context, 400, $"{{\"code\":\"invalid\",\"message\":\"unable to parse '{bad[0]}': bad\"}}");
            return;
        }
        foreach (string line in lines.Except(bad))
            Lines.Enqueue(line);
        if (bad.Length > 0)
            Reply(context, 400,
                "{\"error\":\"partial write of line protocol "
                    + "occurred\",\"data\":[{\"original_line\":\"x\",\"line_number\":2,\"error_message\":\"bad\"}]}");
        else
            Reply(context, 204, "");
    }

    private static void Reply(HttpListenerContext context, int status, string body, string type = "application/json")
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = type;
        if (body.Length > 0)
            context.Response.OutputStream.Write(Encoding.UTF8.GetBytes(body));
    }
}
