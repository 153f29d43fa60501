using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;

namespace Metrics.Tests.Notifiers;

/// <summary>An HTTP server that keeps what comes and answers as it is told.</summary>
internal sealed class Endpoint : IDisposable
{
    private readonly LocalServer _server;

    public Endpoint() => _server = new LocalServer(TakeAsync);

    public sealed record Request(string Method, string Path, string Body, WebHeaderCollection Headers)
    {
        public JsonElement Json => JsonDocument.Parse(Body).RootElement;
    }

    public string Url => _server.Url;

    public ConcurrentQueue<Request> Requests { get; } = new();

    public Action<HttpListenerResponse>? Answer { get; set; }

    public void Dispose() => _server.Dispose();

    private async Task TakeAsync(HttpListenerContext context)
    {
        HttpListenerRequest request = context.Request;
        Requests.Enqueue(new Request(
            request.HttpMethod, request.Url!.PathAndQuery, await LocalServer.ReadAsync(context), (WebHeaderCollection)request.Headers));
        Answer?.Invoke(context.Response);
    }
}
