using System.Globalization;
using System.Text.Json;
using Metrics.Alerting;
using Metrics.Configuration;
using Metrics.Hosting;
using Metrics.Formats;
using Metrics.Text;
using Metrics.Model;
using Metrics.Query;
using Metrics.Query.Engine;
using Metrics.Rules;
using Metrics.Series;
using Metrics.Storage;
using Metrics.Storage.Samples.DuckDb;

namespace Metrics.Cli;

/// <summary>
/// <c>metricsd rules replay</c>: runs rules over stored samples and tells what would have fired, and how many messages each person would have got. The
/// samples come from a daemon, from anything else that speaks Prometheus's API, or from the store's file when no daemon holds it.
/// </summary>
internal static class ReplayCommand
{
    private const long Chunk = 6 * 3_600_000;

    /// <returns>0, 1 when a rule was in error, 2 for wrong use or nothing to read from.</returns>
    public static async Task<int> RunAsync(MetricsOptions options, IReadOnlyList<string> files, Dictionary<string, string> given)
    {
        if (!ExportRange.TryParse(given.GetValueOrDefault("from", "1d"), given.GetValueOrDefault("to"), TimeProvider.System.GetUtcNow(), out ExportRange range, out string? error))
        {
            await Console.Error.WriteLineAsync($"metricsd: {error}");
            return 2;
        }
        IReadOnlyList<RuleGroup> rules = files.Count > 0 ? Load(files) : RuleSet.Load(options.Rules);
        IReadOnlyList<RuleGroup>? before = given.TryGetValue("compare", out string? old) ? Load([old]) : null;
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        (long from, long to) = (range.From.ToUnixTimeMilliseconds(), (range.To < now ? range.To : now).ToUnixTimeMilliseconds());
        try
        {
            ReplayResult? first = before is null ? null : await ReplayAsync(options, before, from, to, given);
            ReplayResult result = await ReplayAsync(options, rules, from, to, given);
            Console.WriteLine($"{AlertHistory.Moment(from)} to {AlertHistory.Moment(to)}");
            Write(result, first);
            return result.Rules.Any(r => r.Error is not null) ? 1 : 0;
        }
        catch (HttpRequestException e)
        {
            await Console.Error.WriteLineAsync($"metricsd: the samples cannot be read: {e.Message}");
            return 2;
        }
    }

    private static IReadOnlyList<RuleGroup> Load(IReadOnlyList<string> files)
    {
        var problems = new List<Problem>();
        IReadOnlyList<RuleGroup> groups = RuleSet.Load(files, problems);
        return problems.Count == 0 ? groups : throw new ConfigurationException(problems);
    }

    private static async Task<ReplayResult> ReplayAsync(MetricsOptions options, IReadOnlyList<RuleGroup> rules, long from, long to, Dictionary<string, string> given)
    {
        var head = new Head(HeadOptions.Default with { Window = TimeSpan.FromMilliseconds(to - from) + TimeSpan.FromDays(400), MaxSeries = int.MaxValue, MaxSeriesPerSource = int.MaxValue });
        List<QueryNeed> needs = Needs(rules, from, to);
        Progress("reading", 0);
        long read = await ReadAsync(options, needs, head, given);
        Progress($"{read:#,0} samples read", 100);
        long lastPercent = -1;
        var replay = new Replay(rules, options.Notifications, head, TimeProvider.System);
        ReplayResult result = replay.Run(from, to, new OfflineSurroundings(options), at =>
        {
            long percent = (at - from) * 100 / Math.Max(1, to - from) / 5 * 5;
            if (percent == lastPercent)
                return;
            lastPercent = percent;
            Progress("replaying", percent);
        });
        Progress(null, 100);
        return result;
    }

    private static List<QueryNeed> Needs(IReadOnlyList<RuleGroup> rules, long from, long to) =>
    [
        .. rules.SelectMany(g => g.Rules.Select(r => (g, r))).SelectMany(p => p.r.Expr.Needs(EvaluationSteps.Between(from, to, Math.Max(1000, (long)p.g.Interval.TotalMilliseconds)), new EngineOptions()))
            .GroupBy(n => string.Join(',', n.Matchers)).Select(n => new QueryNeed(n.First().Matchers, n.Min(x => x.After), n.Max(x => x.To))),
        // Why a series is absent is asked of these.
        new QueryNeed([new LabelMatcher(Labels.MetricName, MatchKind.Equal, "up")], from - 300_000, to),
    ];

    private static async Task<long> ReadAsync(MetricsOptions options, List<QueryNeed> needs, Head head, Dictionary<string, string> given)
    {
        string url = given.GetValueOrDefault("url") ?? $"http://{options.Listen}";
        using var http = new HttpClient { Timeout = TimeSpan.FromMinutes(5) };
        if (options.Auth.Tokens is [var token, ..])
            http.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", $"Bearer {token.Token.Reveal()}");
        try
        {
            return await ReadFromApiAsync(http, url.TrimEnd('/'), needs, head);
        }
        catch (HttpRequestException) when (!given.ContainsKey("url") && options.Storage.Influx is null)
        {
            // No daemon holds the file.
            return await ReadFromStoreAsync(options, needs, head);
        }
    }

    private static async Task<long> ReadFromApiAsync(HttpClient http, string url, List<QueryNeed> needs, Head head)
    {
        long read = 0;
        foreach (QueryNeed need in needs)
        {
            string selector = $"{{{string.Join(',', need.Matchers)}}}";
            for (long start = need.After; start < need.To; start += Chunk)
            {
                long end = Math.Min(start + Chunk, need.To);
                string query = Uri.EscapeDataString(string.Create(CultureInfo.InvariantCulture, $"{selector}[{end - start}ms]"));
                using HttpResponseMessage response = await http.GetAsync(string.Create(CultureInfo.InvariantCulture, $"{url}/api/v1/query?query={query}&time={end / 1000.0:F3}"));
                using JsonDocument answer = await JsonDocument.ParseAsync(await response.Content.ReadAsStreamAsync());
                if (answer.RootElement.GetProperty("status").GetString() != "success")
                    throw new HttpRequestException(answer.RootElement.GetProperty("error").GetString());
                read += Append(answer.RootElement.GetProperty("data").GetProperty("result"), head);
            }
        }
        return read;
    }

    private static long Append(JsonElement matrix, Head head)
    {
        long read = 0;
        foreach (JsonElement series in matrix.EnumerateArray())
        {
            Labels labels = Labels.Of([.. series.GetProperty("metric").EnumerateObject().Select(l => new Label(l.Name, l.Value.GetString()!))]);
            using var batch = new SampleBatch("replay");
            long last = 0;
            foreach (JsonElement value in series.GetProperty("values").EnumerateArray())
            {
                last = (long)Math.Round(value[0].GetDouble() * 1000);
                if (FloatText.TryParse(System.Text.Encoding.UTF8.GetBytes(value[1].GetString()!), out double number))
                    batch.Add(labels, last, number);
            }
            head.Append(batch, last);
            read += batch.Count;
        }
        return read;
    }

    private static async Task<long> ReadFromStoreAsync(MetricsOptions options, List<QueryNeed> needs, Head head)
    {
        await using var store = new DuckDbStore(options.Storage, TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger<DuckDbStore>.Instance);
        await store.OpenAsync(CancellationToken.None);
        long read = 0;
        foreach (QueryNeed need in needs)
        {
            await foreach (SampleBatch batch in store.ReadAsync(need.Matchers, need.After + 1, need.To, CancellationToken.None))
            {
                using (batch)
                {
                    head.Append(batch, need.To);
                    read += batch.Count;
                }
            }
        }
        return read;
    }

    private static void Write(ReplayResult result, ReplayResult? before)
    {
        Dictionary<(string, string), ReplayedRule> old = before?.Rules.ToDictionary(r => (r.Name, r.Severity)) ?? [];
        List<string[]> rows = [["rule", "severity", "fired", "firing in all", "longest", "only pending", "no data", ""]];
        foreach (ReplayedRule rule in result.Rules.Concat(old.Values.Where(o => result.Rules.All(r => (r.Name, r.Severity) != (o.Name, o.Severity))).Select(o => new ReplayedRule(o.Name, o.Severity))))
        {
            ReplayedRule? was = old.GetValueOrDefault((rule.Name, rule.Severity));
            if (rule.Fired + rule.OnlyPending + rule.NoData + (was?.Fired ?? 0) == 0 && rule.Error is null)
                continue;
            rows.Add([rule.Name, rule.Severity, Both(rule.Fired, was?.Fired), Both(Span(rule.Firing), was is null ? null : Span(was.Firing)), Span(rule.Longest), Both(rule.OnlyPending, was?.OnlyPending), Both(rule.NoData, was?.NoData), rule.Error is null ? "" : $"in error: {rule.Error}"]);
        }
        int[] widths = [.. Enumerable.Range(0, rows[0].Length - 1).Select(c => rows.Max(r => r[c].Length))];
        foreach (string[] row in rows)
            Console.WriteLine(string.Join("  ", row.Select((cell, c) => c < widths.Length ? cell.PadRight(widths[c]) : cell)).TrimEnd());
        int quiet = result.Rules.Count(r => r.Fired + r.OnlyPending + r.NoData == 0 && r.Error is null);
        Console.WriteLine($"{quiet} rules had nothing to say.");
        Console.WriteLine();
        foreach (string who in result.Counts.Keys.Union(before?.Counts.Keys ?? []).Order(StringComparer.Ordinal))
            Console.WriteLine($"{who}: {Both(result.Counts.GetValueOrDefault(who), before?.Counts.GetValueOrDefault(who))} messages");
        if (result.Messages.Count == 0 && before?.Messages.Count is null or 0)
            Console.WriteLine("Nobody would have got a message.");
        foreach ((string reason, int times) in result.Muted.OrderByDescending(m => m.Value))
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"passed over {times} times: {reason}"));
    }

    private static string Both<T>(T now, T? before) where T : struct => before is { } was && !was.Equals(now) ? string.Create(CultureInfo.InvariantCulture, $"{was} → {now}") : string.Create(CultureInfo.InvariantCulture, $"{now}");

    private static string Both(string now, string? before) => before is not null && before != now ? $"{before} → {now}" : now;

    private static string Span(TimeSpan span) => span == TimeSpan.Zero ? "-" : Duration.Format(TimeSpan.FromSeconds(Math.Round(span.TotalSeconds)));

    private static void Progress(string? what, long percent)
    {
        if (Console.IsErrorRedirected)
            return;
        Console.Error.Write(what is null ? "\r\u001b[K" : $"\r\u001b[K{what} {percent} %");
    }

    /// <summary>Calendars and inventories as configured; no baselines, which belong to the daemon.</summary>
    private sealed class OfflineSurroundings(MetricsOptions options) : IRuleEnvironment
    {
        private readonly RuleEnvironment _world = new(new Current<RuleOptions>(options.Rules), null!);

        public Baseline BaselineOf(PreparedQuery expr, Labels series, long at) => throw new ArgumentException("baselines are not replayed");

        public bool IsWithin(string interval, long at) => _world.IsWithin(interval, at);

        public IReadOnlyList<Labels> Inventory(string file) => _world.Inventory(file);
    }
}
