using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace Metrics.Tests.Notifiers;

/// <summary>An HTTP server that keeps what comes and answers as it is told.</summary>
internal sealed class Endpoint : IDisposable
{
    private readonly HttpListener _listener = new();

    public Endpoint()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        Url = $"http://127.0.0.1:{((IPEndPoint)probe.LocalEndpoint).Port}/";
        probe.Stop();
        _listener.Prefixes.Add(Url);
        _listener.Start();
        _ = Task.Run(ServeAsync);
    }

    public sealed record Request(string Method, string Path, string Body, WebHeaderCollection Headers)
    {
        public JsonElement Json => JsonDocument.Parse(Body).RootElement;
    }

    public string Url { get; }

    public ConcurrentQueue<Request> Requests { get; } = new();

    public Action<HttpListenerResponse>? Answer { get; set; }

    public void Dispose() => ((IDisposable)_listener).Dispose();

    private async Task ServeAsync()
    {
        while (_listener.IsListening)
        {
            HttpListenerContext context = await _listener.GetContextAsync();
            using var reader = new StreamReader(context.Request.InputStream);
            Requests.Enqueue(new Request(context.Request.HttpMethod, context.Request.Url!.PathAndQuery, await reader.ReadToEndAsync(), (WebHeaderCollection)context.Request.Headers));
            Answer?.Invoke(context.Response);
            context.Response.Close();
        }
    }
}
