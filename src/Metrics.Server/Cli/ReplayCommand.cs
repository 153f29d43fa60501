using System.Globalization;
using System.Text.Json;
using Metrics.Access;
using Metrics.Alerting;
using Metrics.Configuration;
using Metrics.Formats;
using Metrics.Hosting;
using Metrics.Model;
using Metrics.Pollers;
using Metrics.Query;
using Metrics.Query.Engine;
using Metrics.Rules;
using Metrics.Series;
using Metrics.Storage;
using Metrics.Storage.Samples.DuckDb;
using Metrics.Text;
using Microsoft.Extensions.Logging.Abstractions;

namespace Metrics.Cli;

/// <summary>What <c>metricsd rules replay</c> is asked for.</summary>
/// <param name="Files">Rule files; the configuration's when there are none.</param>
/// <param name="Compare">A rule file to compare with, or null.</param>
/// <param name="Range">Over which time.</param>
/// <param name="ShowsMessages">Whether every message is printed too, and not only how many there are.</param>
internal sealed record ReplayRequest(IReadOnlyList<string> Files, string? Compare, ExportRange Range, bool ShowsMessages);

/// <summary>
/// <c>metricsd rules replay</c>: runs rules over stored samples and events, for what would have fired and how many messages each person
/// would have got. The samples come from a daemon, from anything else that speaks Prometheus's API, or from the store's file when no daemon
/// holds it; the events from a daemon or its file (<see cref="ReplayEvents"/>).
/// </summary>
internal static class ReplayCommand
{
    private const long Chunk = 6 * 3_600_000;

    /// <returns>0, or 1 when a rule was in error.</returns>
    public static async Task<int> RunAsync(
        Invocation call, MetricsOptions options, ReplayRequest request, DaemonClient daemon, CancellationToken cancel)
    {
        IReadOnlyList<RuleGroup> rules = request.Files.Count > 0 ? Load(request.Files) : RuleSet.Load(options.Rules).Groups;
        IReadOnlyList<RuleGroup>? before = request.Compare is { } old ? Load([old]) : null;
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        ExportRange range = request.Range;
        (long from, long to) = (range.From.ToUnixTimeMilliseconds(), (range.To < now ? range.To : now).ToUnixTimeMilliseconds());
        // Another's address was asked for, or its samples are not in our file: then the daemon's silence is an error.
        bool mayReadStore = !call.NamesDaemon && options.Storage.Influx is null;
        ReplayResult? first = before is null ? null : await ReplayAsync(options, before, from, to, daemon, mayReadStore, cancel);
        ReplayResult result = await ReplayAsync(options, rules, from, to, daemon, mayReadStore, cancel);
        if (call.WantsJson)
            JsonOutput.Write(
                call.Output, new { from = new Timestamp(from).ToString(), to = new Timestamp(to).ToString(), result, before = first });
        else
            ReplayText.Write(from, to, result, first, request.ShowsMessages, call.Output);
        return result.Rules.Any(r => r.Error is not null) ? ExitCode.No : ExitCode.Ok;
    }

    private static IReadOnlyList<RuleGroup> Load(IReadOnlyList<string> files)
    {
        var problems = new List<Problem>();
        IReadOnlyList<RuleGroup> groups = RuleSet.Load(files, problems);
        return problems.Count == 0 ? groups : throw new ConfigurationException(problems);
    }

    private static async Task<ReplayResult> ReplayAsync(
        MetricsOptions options, IReadOnlyList<RuleGroup> rules, long from, long to, DaemonClient daemon, bool mayReadStore,
        CancellationToken cancel)
    {
        var head = new Head(HeadOptions.Default with
        {
            Window = TimeSpan.FromMilliseconds(to - from) + TimeSpan.FromDays(400),
            MaxSeries = int.MaxValue,
            MaxSeriesPerSource = int.MaxValue,
        });
        List<QueryNeed> needs = Needs(rules, from, to);
        Progress("reading", 0);
        long read = await ReadAsync(options, needs, new ReplaySamples(head, rules, from), daemon, mayReadStore, cancel);
        Progress($"{read:#,0} samples read", 100);
        long lastPercent = -1;
        await using ReplayEvents events = await ReplayEvents.OpenAsync(options, rules, from, daemon, mayReadStore, cancel);
        var replay = new Replay(rules, options.Notifications, head, TimeProvider.System);
        ReplayResult result = replay.Run(from, to, new OfflineSurroundings(options), at =>
        {
            long percent = (at - from) * 100 / Math.Max(1, to - from) / 5 * 5;
            if (percent == lastPercent)
                return;
            lastPercent = percent;
            Progress("replaying", percent);
        }, events.Feed);
        Progress(null, 100);
        return result;
    }

    private static List<QueryNeed> Needs(IReadOnlyList<RuleGroup> rules, long from, long to) =>
    [
        .. rules.SelectMany(g => g.Rules.SelectMany(r => r.Queries
                .Select(q => (Query: q, Step: Math.Max(1000, (long)g.Interval.TotalMilliseconds)))))
            .SelectMany(p => p.Query.Needs(EvaluationSteps.Between(from, to, p.Step), new EngineOptions()))
            .GroupBy(n => string.Join(',', n.Matchers))
            .Select(n => new QueryNeed(n.First().Matchers, n.Min(x => x.After), n.Max(x => x.To))),
        // Why a series is absent is asked of these.
        new QueryNeed([new LabelMatcher(Labels.MetricName, MatchKind.Equal, "up")], from - 300_000, to),
    ];

    private static async Task<long> ReadAsync(
        MetricsOptions options, List<QueryNeed> needs, ReplaySamples samples, DaemonClient daemon, bool mayReadStore,
        CancellationToken cancel)
    {
        try
        {
            return await ReadFromApiAsync(daemon, needs, samples, cancel);
        }
        catch (CommandException e) when (e.ExitCode == ExitCode.Unreachable && mayReadStore)
        {
            // No daemon holds the file.
            return await ReadFromStoreAsync(options, needs, samples);
        }
    }

    private static async Task<long> ReadFromApiAsync(
        DaemonClient daemon, List<QueryNeed> needs, ReplaySamples samples, CancellationToken cancel)
    {
        long read = 0;
        foreach (QueryNeed need in needs)
        {
            string selector = $"{{{string.Join(',', need.Matchers)}}}";
            for (long start = need.After; start < need.To; start += Chunk)
            {
                long end = Math.Min(start + Chunk, need.To);
                string query = Uri.EscapeDataString(string.Create(CultureInfo.InvariantCulture, $"{selector}[{end - start}ms]"));
                string path = string.Create(CultureInfo.InvariantCulture, $"/api/v1/query?query={query}&time={end / 1000.0:F3}");
                JsonElement answer = await daemon.GetAsync(path, cancel);
                read += daemon.Read(answer, a => Append(a.GetProperty("data").GetProperty("result"), samples));
            }
        }
        return read;
    }

    private static long Append(JsonElement matrix, ReplaySamples samples)
    {
        long read = 0;
        foreach (JsonElement series in matrix.EnumerateArray())
        {
            Labels labels = QueryText.LabelsOf(series);
            using var batch = new SampleBatch("replay");
            long last = 0;
            foreach (JsonElement value in series.GetProperty("values").EnumerateArray())
            {
                last = (long)Math.Round(value[0].GetDouble() * 1000);
                if (FloatText.TryParse(System.Text.Encoding.UTF8.GetBytes(value[1].GetString()!), out double number))
                    batch.Add(labels, last, number);
            }
            read += samples.Add(batch, last);
        }
        return read;
    }

    private static async Task<long> ReadFromStoreAsync(MetricsOptions options, List<QueryNeed> needs, ReplaySamples samples)
    {
        await using var store = new DuckDbStore(options.Storage, TimeProvider.System, NullLogger<DuckDbStore>.Instance);
        await store.OpenAsync(CancellationToken.None);
        long read = 0;
        foreach (QueryNeed need in needs)
        {
            await foreach (SampleBatch batch in store.ReadAsync(need.Matchers, need.After + 1, need.To, CancellationToken.None))
            {
                using (batch)
                    read += samples.Add(batch, need.To);
            }
        }
        return read;
    }

    private static void Progress(string? what, long percent)
    {
        if (Console.IsErrorRedirected)
            return;
        Console.Error.Write(what is null ? "\r\u001b[K" : $"\r\u001b[K{what} {percent} %");
    }

    /// <summary>Calendars and inventories as configured; no baselines, which belong to the daemon.</summary>
    private sealed class OfflineSurroundings(MetricsOptions options) : IRuleEnvironment
    {
        private readonly RuleEnvironment _world = new(new Current<RuleOptions>(options.Rules), null!, new RetiredTargets());

        public ILookup<TargetName, RetiredTarget> Retired => _world.Retired;

        public Baseline BaselineOf(PreparedQuery expr, Labels series, long at) => throw new ArgumentException("baselines are not replayed");

        public bool IsWithin(string interval, long at) => _world.IsWithin(interval, at);

        public IReadOnlyList<Labels> Inventory(string file) => _world.Inventory(file);
    }
}
