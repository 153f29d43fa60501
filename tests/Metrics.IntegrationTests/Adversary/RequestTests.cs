using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Metrics.IntegrationTests.Adversary;

/// <summary>Whatever is sent by HTTP: nothing of it is a fault of ours, and nobody else notices.</summary>
public sealed class RequestTests
{
    private const int Workers = 4;

    /// <summary>In full by <c>METRICS_MUTATED_REQUESTS=200000</c>; the same ones each time.</summary>
    [Fact]
    public async Task No_mutated_request_is_answered_with_500()
    {
        string? asked = Environment.GetEnvironmentVariable("METRICS_MUTATED_REQUESTS");
        int count = asked is null ? 3_000 : int.Parse(asked, CultureInfo.InvariantCulture);
        await using Daemon daemon = await Daemon.StartAsync("""
            host: { enabled: false }
            query: { timeout: 2s }
            inputs: { push: { events: { syslog: log } } }
            """);
        var mutator = new RequestMutator(await RoutesAsync());
        var faults = new ConcurrentQueue<string>();
        var statuses = new ConcurrentDictionary<int, int>();
        int next = -1;
        await Task.WhenAll(Enumerable.Range(0, Workers).Select(_ => Task.Run(async () =>
        {
            using var connection = new RawConnection(daemon.Port);
            while (Interlocked.Increment(ref next) is var number && number < count && faults.Count < 20)
            {
                MutatedRequest request = mutator.Make(number);
                using var patience = new CancellationTokenSource(Eventually.Patience, TimeProvider.System);
                RawConnection.Answer answer = await connection.AskAsync(
                    request.Bytes, request.Method is "HEAD", request.IsWhole, patience.Token);
                statuses.AddOrUpdate(answer.Status, 1, (_, seen) => seen + 1);
                // Not now, or not this version of HTTP.
                if (answer.Status >= 500 && answer.Status is not (503 or 505))
                    faults.Enqueue($"{number}: {answer.Status} for {Encoding.Latin1.GetString(request.Bytes)}");
            }
        })));
        faults.Should().BeEmpty(string.Join('\n', daemon.Log.Split('\n').Where(l => l.Contains("Exception", StringComparison.Ordinal))));
        TestContext.Current.SendDiagnosticMessage(string.Join(", ", statuses.OrderBy(s => s.Key).Select(s => $"{s.Key}: {s.Value}")));
        statuses.Should().ContainKeys([200, 400, 404, 405], "the requests come as far as the routes").And.ContainKey(204);
        (await daemon.GetAsync("/-/ready")).Should().Be("metricsd is ready.\n");
        (await daemon.GetAsync("/metrics")).Should().NotContain("metricsd_faults_total{");
        (await daemon.PushAsync("alive value=1")).StatusCode.Should().Be(HttpStatusCode.NoContent);
        daemon.Log.Should().NotContain("nhandled exception").And.NotContain("A fault of ours");
    }

    /// <summary>More connections than are allowed, all idle: files do not run out, and who comes when they are gone is served.</summary>
    [Fact]
    public async Task Idle_connections_do_not_use_up_the_files_of_the_process()
    {
        await using Daemon daemon = await Daemon.StartAsync("host: { enabled: false }\nmax_connections: 100");
        int before = OpenFilesOf(daemon);
        var idle = new List<TcpClient>();
        for (int i = 0; i < 1_000; i++)
        {
            var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, daemon.Port);
            idle.Add(client);
        }
        await Eventually.Async(() => OpenFilesOf(daemon) <= before + 120, "what is above the bound is closed");
        idle.ForEach(c => c.Dispose());
        await Eventually.Async(async () => (await daemon.GetAsync("/-/ready")).Length > 0, "it is served again");
    }

    private static int OpenFilesOf(Daemon daemon) => Directory.GetFiles($"/proc/{daemon.ProcessId}/fd").Length;

    private static async Task<List<string>> RoutesAsync()
    {
        string[] lines = await File.ReadAllLinesAsync(Path.Combine(Cases.Repository, "docs", "rights.md"));
        List<string> routes = [.. lines.Where(l => l.StartsWith("| `/", StringComparison.Ordinal)).Select(l => l.Split('`')[1]).Distinct()];
        routes.Should().HaveCountGreaterThan(35);
        return routes;
    }
}
