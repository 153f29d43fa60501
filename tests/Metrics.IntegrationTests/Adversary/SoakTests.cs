using System.Globalization;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Data.Sqlite;

namespace Metrics.IntegrationTests.Adversary;

/// <summary>
/// Everything at once, for long: reloads, heavy queries, poison, a store, a state and a receiver that fail in turns. Nothing that was
/// acknowledged is lost, the ledger adds up each minute, and memory stays where it is. An hour by <c>METRICS_SOAK_MINUTES=60</c>, which
/// then is killed three times too; by itself two minutes, in which memory is not judged.
/// </summary>
public sealed partial class SoakTests(ITestOutputHelper output)
{
    private const int PointsOfPush = 500;
    private const int EventsOfPush = 100;
    private const int MinutesThatTell = 20;
    private const double Growth = 1.1;

    private static readonly int s_minutes =
        int.Parse(Environment.GetEnvironmentVariable("METRICS_SOAK_MINUTES") ?? "2", CultureInfo.InvariantCulture);

    private const string More = "flapping: { changes: 9 }";

    private static readonly string[] s_heavy =
    [
        "sum by (i) (rate({job=\"page\"}[5m]))", "quantile(0.9, {__name__=~\"p.*\"})", "max_over_time(sum(pushed_v)[10m:1s])",
        "topk(100, page)", "page * on (i) group_left page", "sort(pushed_v)", "count_values(\"v\", page)", "{__name__=~\".+\"}",
    ];

    private readonly string _folder = Directory.CreateTempSubdirectory("soak").FullName;
    private readonly CancellationTokenSource _over = new();
    private Daemon _daemon = null!;
    private Influxd _influxd = null!;
    private SqliteConnection? _lock;
    private int _isFailing;
    private long _points;
    private long _events;
    private int _reloads;
    private int _queries;
    private int _faults;

    [Fact]
    public async Task Faults_reloads_and_heavy_queries_lose_nothing_and_take_no_more_memory_with_time()
    {
        await using Influxd influxd = _influxd = await Influxd.StartAsync();
        using var hook = new WebhookListener { Answer = _ => Volatile.Read(ref _isFailing) == 0 ? 200 : 503 };
        using var page = new PageServer(string.Concat(Enumerable.Range(0, 5000).Select(i => $"page{{i=\"{i}\"}} {i}\n")));
        using var poison = new PageServer("good 1\nold 1 -185540791535999000\nnew 1 9223372036854775807\n");
        await File.WriteAllTextAsync(Path.Combine(_folder, "rules.yaml"), """
            groups:
              - name: soak
                interval: 1s
                rules:
                  - { record: page:sum, expr: sum(page) }
                  - { alert: Flips, expr: flip_v, above: "{{ 0 }}" }
                  - { alert: Many, events: { kind: log }, window: 1m, count: { above: 1000 } }
            """);
        string configuration = Configuration(hook, page, poison);
        await using Daemon daemon = _daemon = await Daemon.StartAsync(configuration);
        Task[] actors =
        [
            EachAsync(TimeSpan.FromSeconds(10), n => ReloadAsync(n % 2 == 0 ? $"{configuration}\n{More}" : configuration)),
            EachAsync(TimeSpan.FromSeconds(1), n => QueryAsync(s_heavy[n % s_heavy.Length])),
            EachAsync(TimeSpan.FromSeconds(1), PushPointsAsync),
            EachAsync(TimeSpan.FromSeconds(1), PushEventsAsync),
            EachAsync(TimeSpan.FromSeconds(5), SendAlertAsync),
            EachAsync(TimeSpan.FromSeconds(10), FailAsync),
        ];
        List<double> memory = await WatchAsync(s_minutes);
        for (int kill = 0; s_minutes >= MinutesThatTell && kill < 3; kill++)
        {
            _daemon.Kill();
            await _daemon.StartAgainAsync();
            await BalanceAsync();
            await BalanceAsync();
        }
        await _over.CancelAsync();
        await Task.WhenAll(actors);
        await MendAsync();
        await CountAsync();
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{s_minutes} minutes: {_points} points, {_events} events, {_queries} heavy queries, {_reloads} reloads, {_faults} faults; MiB by "
                + $"minute: {string.Join(' ', memory.Select(m => m.ToString("0", CultureInfo.InvariantCulture)))}"));
        if (s_minutes < MinutesThatTell)
            return;
        int quarter = memory.Count / 4;
        Median(memory[^quarter..]).Should().BeLessThan(Median(memory[quarter..(2 * quarter)]) * Growth, "memory stays where it is");
    }

    private string Configuration(WebhookListener hook, PageServer page, PageServer poison) => $$"""
        host: { enabled: false }
        storage: { influx: { url: '{{_influxd.Url}}', database: metrics, timeout: 5s } }
        head: { window: 10m }
        rules: { files: ['{{_folder}}/rules.yaml'], shipped: false }
        inputs: { push: { allow_from: [ 127.0.0.0/8 ] } }
        receivers: [ { name: ops, webhook_configs: [ { url: '{{hook.Url}}ops' } ] } ]
        route: { receiver: ops, group_by: [alertname], group_wait: 1s, group_interval: 5s }
        scrape_configs:
          - { job_name: page, scrape_interval: 5s, static_configs: [ { targets: ['127.0.0.1:{{page.Port}}'] } ] }
          - { job_name: poison, scrape_interval: 1s, static_configs: [ { targets: ['127.0.0.1:{{poison.Port}}'] } ] }
        """;

    /// <summary>Does something at each beat until all is over; while the daemon is dead or refuses nothing comes of it.</summary>
    private async Task EachAsync(TimeSpan pause, Func<int, Task> act)
    {
        using var beat = new PeriodicTimer(pause, TimeProvider.System);
        for (int number = 0; !_over.IsCancellationRequested; number++)
        {
            try
            {
                await act(number);
                await beat.WaitForNextTickAsync(_over.Token);
            }
            catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
            {
            }
        }
    }

    private async Task ReloadAsync(string configuration)
    {
        await _daemon.ReloadAsync(configuration);
        _reloads++;
    }

    private async Task QueryAsync(string query)
    {
        using HttpResponseMessage answer = await _daemon.Http.GetAsync(_daemon.Url($"/api/v1/query?query={Uri.EscapeDataString(query)}"));
        answer.StatusCode.Should().NotBe(HttpStatusCode.InternalServerError, query);
        _queries++;
    }

    private async Task PushPointsAsync(int number)
    {
        long now = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        var lines = new StringBuilder();
        for (int i = 0; i < PointsOfPush; i++)
            lines.Append(CultureInfo.InvariantCulture, $"pushed,i={i} v={number} {now}\n");
        using HttpResponseMessage answer = await _daemon.PushAsync(lines.ToString());
        if (answer.StatusCode == HttpStatusCode.NoContent)
            _points += PointsOfPush;
        using HttpResponseMessage refused = await _daemon.PushAsync($"flip v={number / 7 % 2}\nbad,=1 v=1\npoison v=1 -1\n");
    }

    private async Task PushEventsAsync(int number)
    {
        string lines = string.Concat(
            Enumerable.Range(0, EventsOfPush).Select(i => $"{{\"body\":\"soak {number} {i}\",\"soak\":\"yes\"}}\n"));
        using HttpResponseMessage answer = await _daemon.PushAsync(lines, "/api/v1/events");
        if (answer.StatusCode == HttpStatusCode.NoContent)
            _events += EventsOfPush;
    }

    private async Task SendAlertAsync(int number)
    {
        using var alert = new StringContent(
            $$$"""[{"labels":{"alertname":"Sent","n":"{{{number % 20}}}"}},{"labels":{"":"poison"}}]""", Encoding.UTF8, "application/json");
        using HttpResponseMessage answer = await _daemon.Http.PostAsync(_daemon.Url("/api/v2/alerts"), alert);
    }

    /// <summary>In turns: the store hangs, the state is locked, the receiver refuses; each for a beat, with a good one between.</summary>
    private async Task FailAsync(int number)
    {
        await MendAsync();
        if (number % 2 == 0)
            return;
        _faults++;
        switch (number % 3)
        {
            case 0:
                await _influxd.SignalAsync("STOP");
                break;
            case 1:
                _lock = new SqliteConnection($"Data Source={_daemon.Folder}/data/state.db;Pooling=False");
                await _lock.OpenAsync();
                using (SqliteCommand begin = _lock.CreateCommand())
                {
                    begin.CommandText = "BEGIN EXCLUSIVE";
                    await begin.ExecuteNonQueryAsync();
                }
                break;
            default:
                Volatile.Write(ref _isFailing, 1);
                break;
        }
    }

    private async Task MendAsync()
    {
        await _influxd.SignalAsync("CONT");
        Volatile.Write(ref _isFailing, 0);
        if (_lock is not null)
            await _lock.DisposeAsync();
        _lock = null;
    }

    /// <summary>Each time that the ledger is closed, which is every minute, the memory that the system has given.</summary>
    private async Task<List<double>> WatchAsync(int minutes)
    {
        var memory = new List<double>();
        for (int minute = 0; minute < minutes; minute++)
        {
            await BalanceAsync();
            memory.Add(Resident() / 1024.0);
        }
        return memory;
    }

    /// <summary>Waits until the ledger is closed once more, and looks whether it adds up.</summary>
    private async Task BalanceAsync()
    {
        const string Checks = "metricsd_ledger_checks_total";
        double before = await _daemon.OwnAsync(Checks);
        await Eventually.Async(async () => await _daemon.OwnAsync(Checks) > before, "the ledger is closed");
        string[] own = [.. (await _daemon.GetAsync("/metrics")).Split('\n')];
        own.Where(l => l.StartsWith("metricsd_ledger_imbalance{", StringComparison.Ordinal)).Should().HaveCount(5)
            .And.OnlyContain(l => l.EndsWith(" 0", StringComparison.Ordinal));
        own.Where(l => l.StartsWith("metricsd_faults_total{", StringComparison.Ordinal)).Should().BeEmpty();
    }

    /// <summary>Kibibytes.</summary>
    private int Resident() => int.Parse(
        File.ReadLines($"/proc/{_daemon.ProcessId}/status").First(l => l.StartsWith("VmRSS:", StringComparison.Ordinal)).Split(' ')[^2],
        CultureInfo.InvariantCulture);

    /// <summary>What was acknowledged is in the store and in the event log.</summary>
    private async Task CountAsync()
    {
        await Eventually.Async(
            async () => await _influxd.NumberAsync("SELECT count(pushed_v) FROM pushed_v") >= _points, "every point is in the store");
        (await EventsAsync()).Should().BeGreaterThanOrEqualTo((int)_events, "every event is in the log");
    }

    private async Task<int> EventsAsync()
    {
        (int count, long after) = (0, 0);
        while (true)
        {
            string page = await _daemon.GetAsync(
                string.Create(CultureInfo.InvariantCulture, $"/api/v1/events?match[]=soak%3Dyes&order=oldest&limit=10000&after={after}"));
            MatchCollection ids = Ids().Matches(page);
            if (ids.Count == 0)
                return count;
            count += ids.Count;
            after = ids.Max(i => long.Parse(i.Groups[1].Value, CultureInfo.InvariantCulture));
        }
    }

    [GeneratedRegex("\"id\": ?(\\d+)")]
    private static partial Regex Ids();

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
