using System.Text;
using Metrics.Hosting;
using Metrics.Model;
using Metrics.Pollers;
using Metrics.Pollers.OpenStack;
using Metrics.Pollers.OpenStack.Client;
using Metrics.Telemetry;
using Microsoft.Extensions.Logging.Abstractions;

namespace Metrics.Fuzz;

/// <summary>
/// What the services of a cloud answer: samples, or a <see cref="CloudException"/>. The first line of the input names the collection that
/// is polled, or <c>token</c>; the rest is what every service then answers.
/// </summary>
internal static class CloudTarget
{
    private const string Url = "http://cloud.test";
    private static readonly CloudJob s_job = MetricsOptions.Parse($$"""
        openstack:
          - name: fuzz
            auth: { auth_url: '{{Url}}/identity/v3', username: u, password: p, project_name: admin }
            requests_per_second: 100000
        """).Targets.OfType<CloudJob>().Single();

    private static readonly byte[] s_token = Encoding.UTF8.GetBytes(Token());

    public static void Try(ReadOnlyMemory<byte> input)
    {
        int end = input.Span.IndexOf((byte)'\n');
        if (end < 0)
            return;
        string name = Encoding.UTF8.GetString(input.Span[..end]);
        byte[] body = input[(end + 1)..].ToArray();
        CloudCollection? collection = CloudCatalog.All.FirstOrDefault(c => c.Name == name);
        if (collection is null && name != "token")
            return;
        using var server = new FuzzedServer(r => r.Method == HttpMethod.Post && collection is not null ? (201, s_token) : (200, body))
        {
            Header = ("X-Subject-Token", "t"),
        };
        using var cloud = new WatchedCloud(s_job, new CloudMetrics(new MetricRegistry()), TimeProvider.System, NullLogger.Instance, server);
        // Twice: the second poll knows what the first one kept.
        IPoller poller = (collection ?? CloudCatalog.All[0]).Create(cloud);
        Poll(poller);
        Poll(collection is null ? CloudCatalog.All[1].Create(cloud) : poller);
    }

    private static void Poll(IPoller poller)
    {
        using var batch = new SampleBatch("fuzz");
        var series = new TargetSeries([]);
        series.Begin();
        try
        {
            poller.PollAsync(new SampleSink(series, batch, 0), default).AsTask().GetAwaiter().GetResult();
        }
        catch (CloudException)
        {
        }
    }

    private static string Token()
    {
        IEnumerable<string> services = CloudService.All.Select(s => $$$"""
            {"type":"{{{s.Types[0]}}}","name":"{{{s.Name}}}","endpoints":[{"interface":"public","url":"{{{Url}}}/{{{s.Name}}}/v3"}]}
            """);
        return $$$"""{"token":{"expires_at":"2999-01-01T00:00:00Z","catalog":[{{{string.Join(',', services)}}}]}}""";
    }
}
