using System.Net;
using System.Text;
using Metrics.Configuration;
using Metrics.Formats;
using Metrics.Hosting;
using Metrics.Model;
using Metrics.Pollers;
using Metrics.Pollers.OpenStack;
using Metrics.Telemetry;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Metrics.Tests.Pollers.OpenStack;

/// <summary>
/// Answers as the services of a cloud do, from texts; requests are noted. What the real services say is held against the same pollers in
/// the integration tests.
/// </summary>
internal sealed class StubCloud : HttpMessageHandler
{
    public const string Url = "http://cloud.test";

    /// <summary>Path (and query, where one is given) to body; a longer match of the query goes first.</summary>
    public Dictionary<string, string> Answers { get; } = [];

    /// <summary>Status for a path in place of its answer; 0 is a connection that breaks.</summary>
    public Dictionary<string, int> Failures { get; } = [];

    /// <summary>Every request as <c>METHOD path?query</c>.</summary>
    public List<string> Requests { get; } = [];

    /// <summary>By path the headers of its last request, as <c>Name: value</c>.</summary>
    public Dictionary<string, string[]> Headers { get; } = [];

    /// <summary>Tokens that are refused.</summary>
    public HashSet<string> Revoked { get; } = [];

    public int Tokens { get; private set; }

    /// <summary>Body of the token; null is one with the endpoints of <see cref="Catalog"/>.</summary>
    public string? Token { get; set; }

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 3, 10, 12, 0, 0, TimeSpan.Zero));

    public static string Catalog =>
        string.Join(',',
            new[] { ("identity", "/identity"), ("compute", "/compute/v2.1"), ("placement", "/placement"), ("network", "/network"),
            ("block-storage", "/volume/v3"), ("image", "/image") }
        .Select(s =>
            $$"""{"type":"{{s.Item1}}","name":"{{s.Item1}}","endpoints":[{"interface":"public","region":"R1","region_id":"R1","url":"{{Url}}{{s.Item2}}"}]}"""));

    public WatchedCloud Connect(string more = "")
    {
        string yaml =
            $"openstack: [ {{ name: test, region_name: {(Token is null ? "R1" : "RegionOne")}, auth: {{ auth_url: '{Url}/identity/v3', "
                + $"username: u, password: p, project_name: admin }}, requests_per_second: 10000, concurrency: 8{more} }} ]";
        CloudJob job = MetricsOptions.Parse(yaml).Targets.OfType<CloudJob>().First();
        return new WatchedCloud(job, new CloudMetrics(new MetricRegistry()), Time, NullLogger.Instance, this);
    }

    /// <summary>Polls once and gives the samples as text, in order.</summary>
    public static async Task<string[]> PollAsync(IPoller poller, TargetSeries? series = null)
    {
        using var batch = new SampleBatch("t");
        series ??= new TargetSeries([]);
        series.Begin();
        await poller.PollAsync(new SampleSink(series, batch, 0), default);
        return [.. Enumerable.Range(0, batch.Count).Select(i => $"{batch.Series[i]} {FloatText.Format(batch.Values[i])}")
            .Order(StringComparer.Ordinal)];
    }

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        string path = request.RequestUri!.PathAndQuery, plain = request.RequestUri.AbsolutePath;
        lock (Requests)
        {
            Requests.Add($"{request.Method} {path}");
            Headers[plain] = [.. request.Headers.Select(h => $"{h.Key}: {string.Join(", ", h.Value)}")];
        }
        if (Failures.TryGetValue(plain, out int status))
            return status == 0
                ? throw new HttpRequestException("Connection refused")
                : Task.FromResult(Answer((HttpStatusCode)status, "{\"error\":{\"message\":\"as the test wants it\"}}"));
        if (plain == "/identity/v3/auth/tokens")
        {
            HttpResponseMessage token =
                Answer(HttpStatusCode.Created,
                    Token ?? $"{{\"token\":{{\"expires_at\":\"{Time.GetUtcNow().AddHours(1):yyyy-MM-dd'T'HH:mm:ss}.000000Z\",\"project\":{{\"id\":\"own\"}},\"catalog\":[{Catalog}]}}}}");
            token.Headers.Add("X-Subject-Token", $"token-{++Tokens}");
            return Task.FromResult(token);
        }
        if (request.Headers.TryGetValues("X-Auth-Token", out IEnumerable<string>? tokens) && Revoked.Contains(tokens.Single()))
            return Task.FromResult(Answer(HttpStatusCode.Unauthorized, "{\"error\":{\"code\":401}}"));
        return Task.FromResult(
            Find(plain, request.RequestUri.Query) is { } body
            ? Answer(HttpStatusCode.OK, body)
            : Answer(HttpStatusCode.NotFound, "{\"itemNotFound\":{\"message\":\"Nothing here\"}}"));
    }

    private string? Find(string path, string query)
    {
        HashSet<string> asked = [.. query.TrimStart('?').Split('&')];
        return Answers.Where(
            a => a.Key.Split('?')[0] == path
            && (!a.Key.Contains('?', StringComparison.Ordinal) || a.Key.Split('?')[1].Split('&').All(asked.Contains)))
            .OrderByDescending(a => a.Key.Count(c => c is '&' or '?')).Select(a => a.Value).FirstOrDefault();
    }

    private static HttpResponseMessage Answer(HttpStatusCode status, string body) =>
        new(status) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
}
