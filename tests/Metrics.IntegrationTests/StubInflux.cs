using System.Collections.Concurrent;
using System.IO.Compression;
using System.Net;
using System.Text;

namespace Metrics.IntegrationTests;

/// <summary>
/// Stands in for InfluxDB 2 and 3, which cannot be had here: checks each request to the letter and gives the answers read in those servers'
/// sources. A line with the value 666 is refused as each version refuses it: 2 the whole batch, 3 that line alone.
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

    public void FailNext(int status, string retryAfter) => _failures.Enqueue((status, retryAfter));

    public void Dispose() => _server.Dispose();

    private Task Take(HttpListenerContext context)
    {
        if (context.Request.HttpMethod == "POST")
            Answer(context, context.Request);
        else
            Reply(context, 200, "{\"results\":[{\"statement_id\":0}]}");
        return Task.CompletedTask;
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

    private static void Reply(HttpListenerContext context, int status, string body)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        if (body.Length > 0)
            context.Response.OutputStream.Write(Encoding.UTF8.GetBytes(body));
    }
}
