using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;

namespace Metrics.IntegrationTests;

/// <summary>
/// Receives webhooks: what comes, by path. It honours the idempotency key: what it has accepted already it accepts again, and counts once.
/// What has no key is new each time.
/// </summary>
internal sealed class WebhookListener : IDisposable
{
    private readonly LocalServer _server;

    public WebhookListener() => _server = new LocalServer(TakeAsync);

    /// <summary>A message as it came.</summary>
    /// <param name="Path">Where to.</param>
    /// <param name="Key">Its idempotency key.</param>
    /// <param name="Body">The text.</param>
    /// <param name="Headers">All headers.</param>
    public sealed record Message(string Path, string Key, string Body, IReadOnlyDictionary<string, string> Headers)
    {
        private static string LabelsOf(JsonElement alert)
        {
            IEnumerable<JsonProperty> labels = alert.GetProperty("labels").EnumerateObject().Where(l => l.Name != "severity");
            return string.Join(' ', labels.Select(l => l.Value.GetString()));
        }

        public JsonElement Json => JsonDocument.Parse(Body).RootElement;

        /// <summary>The alerts of a message in Alertmanager's form: <c>firing TooHot cellar</c>.</summary>
        public IEnumerable<string> Alerts =>
            Body.Length == 0 || Body[0] != '{'
                ? []
                : Json.GetProperty("alerts").EnumerateArray().Select(a => $"{a.GetProperty("status").GetString()} {LabelsOf(a)}");
    }

    public string Url => _server.Url;

    /// <summary>Status to answer; null is 200.</summary>
    public Func<Message, int>? Answer { get; set; }

    /// <summary>Whether an accepted message is answered by an error all the same, as when a proxy breaks the connection.</summary>
    public Func<bool>? LosesAnswer { get; set; }

    /// <summary>What was accepted, in order.</summary>
    public ConcurrentQueue<Message> Accepted { get; } = new();

    /// <summary>How many came.</summary>
    public int Tries => _tries;

    private readonly ConcurrentDictionary<(string, string), bool> _keys = [];
    private int _tries;

    /// <summary>Alerts of the messages to a path, in order.</summary>
    public List<string> AlertsAt(string path) => [.. Accepted.Where(m => m.Path == path).SelectMany(m => m.Alerts)];

    public Task UntilAsync(string path, string alert) =>
        Eventually.Async(
            () => Task.FromResult(AlertsAt(path).Contains(alert)),
            $"'{alert}' at {path}; came: {string.Join(" | ", Accepted.Select(m => $"{m.Path}: {string.Join(", ", m.Alerts)}"))}");

    public void Dispose() => _server.Dispose();

    private async Task TakeAsync(HttpListenerContext context)
    {
        HttpListenerRequest request = context.Request;
        var message = new Message(
            request.Url!.AbsolutePath, request.Headers["Idempotency-Key"] ?? "", await LocalServer.ReadAsync(context),
            request.Headers.AllKeys.ToDictionary(k => k!, k => request.Headers[k]!));
        Interlocked.Increment(ref _tries);
        int status = Answer?.Invoke(message) ?? 200;
        // Alertmanager sends no key.
        if (status is >= 200 and < 300 && (message.Key.Length == 0 || _keys.TryAdd((message.Path, message.Key), true)))
            Accepted.Enqueue(message);
        if (status is >= 200 and < 300 && LosesAnswer?.Invoke() == true)
            status = 502;
        context.Response.StatusCode = status;
    }
}
