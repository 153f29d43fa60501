using System.Collections.Concurrent;
using Metrics.Configuration;
using Metrics.Model;
using Metrics.Pollers;
using Metrics.Query;
using Metrics.Query.Engine;
using Metrics.Querying;
using Metrics.Text;

namespace Metrics.Rules;

/// <summary>
/// What rules know of store, calendars and inventories. Baselines are read in the background, one question for all series of an expression
/// and an hour of the week; until the answer is there the rule says so. Safe for use by several threads.
/// </summary>
internal sealed class RuleEnvironment(Current<RuleOptions> options, QueryService queries, RetiredTargets retired) : IRuleEnvironment
{
    private const int Weeks = 4;
    private const long Hour = 3_600_000;
    private const long Week = 168 * Hour;
    private const long Step = 5 * 60_000;
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(2);

    private readonly ConcurrentDictionary<string, Loaded> _baselines = [];
    private readonly ConcurrentDictionary<string, (string State, IReadOnlyList<Labels> Labels)> _inventories = [];

    private sealed record Loaded(long Hour, IReadOnlyDictionary<Labels, Baseline>? Series, string? Error, Loaded? Before);

    /// <inheritdoc />
    public ILookup<TargetName, RetiredTarget> Retired => retired.All;

    /// <inheritdoc />
    public Baseline BaselineOf(PreparedQuery expr, Labels series, long at)
    {
        long hour = at / Hour * Hour;
        if (!_baselines.TryGetValue(expr.Text, out Loaded? known) || known.Hour != hour)
        {
            known = new Loaded(hour, null, null, known is { Series: not null } ? known with { Before = null } : known?.Before);
            _baselines[expr.Text] = known;
            _ = Task.Run(() => LoadAsync(expr, known));
        }
        if (known.Error is not null)
            throw new ArgumentException($"the baseline cannot be read: {known.Error}");
        // While the new hour is read, the hour before is near enough.
        IReadOnlyDictionary<Labels, Baseline> all =
            known.Series ?? known.Before?.Series ?? throw new ArgumentException("the baseline is being read");
        return all.GetValueOrDefault(series, Baseline.Empty);
    }

    /// <inheritdoc />
    public bool IsWithin(string interval, long at)
    {
        IReadOnlyDictionary<string, IReadOnlyList<Routing.TimeInterval>> known = options.Value.TimeIntervals;
        return known.TryGetValue(interval, out IReadOnlyList<Routing.TimeInterval>? parts)
            ? parts.Any(p => p.Contains(DateTimeOffset.FromUnixTimeMilliseconds(at)))
            : throw new ArgumentException(
                $"there is no time interval '{interval}'; time_intervals has "
                + (known.Count == 0 ? "none" : string.Join(", ", known.Keys)));
    }

    /// <inheritdoc />
    public IReadOnlyList<Labels> Inventory(string file)
    {
        try
        {
            string state = FileState.Of(file);
            if (_inventories.TryGetValue(file, out (string State, IReadOnlyList<Labels> Labels) known) && known.State == state)
                return known.Labels;
            var problems = new List<Problem>();
            IReadOnlyList<Labels> labels = Read(YamlComposer.Compose(TextFile.Read(file), file, problems), file, problems);
            if (problems.Count > 0)
                throw new QueryException($"the inventory is wrong: {problems[0]}");
            _inventories[file] = (state, labels);
            return labels;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new QueryException($"the inventory {file} cannot be read: {e.Message}");
        }
    }

    private static List<Labels> Read(YamlValue? root, string file, List<Problem> problems)
    {
        if (root is not YamlList list)
        {
            const string Expected = "expected a list of mappings of labels, such as - { host: a }";
            problems.Add(new Problem(file, root?.Line ?? 1, root?.Column ?? 1, Expected));
            return [];
        }
        var all = new List<Labels>();
        foreach (YamlValue item in list.Items)
        {
            if (item is YamlMap map)
                all.Add(Labels.Of([.. map.Entries.Select(e => new Label(e.Key.Text, (e.Value as YamlText)?.Text ?? ""))]));
            else
                problems.Add(new Problem(file, item.Line, item.Column, "expected a mapping of labels, such as { host: a }"));
        }
        return all;
    }

    private async Task LoadAsync(PreparedQuery expr, Loaded asked)
    {
        Loaded loaded;
        try
        {
            var values = new Dictionary<Labels, List<double>>();
            for (int week = 1; week <= Weeks; week++)
            {
                long from = asked.Hour - (week * Week);
                QueryResult result = await queries.RangeAsync(
                    expr, EvaluationSteps.Between(from, from + Hour - Step, Step), s_patience);
                // What is not there for the moment is not what was usual.
                if (result.MissesHistory)
                    throw new QueryException(result.Warnings[^1], QueryFailure.Busy);
                foreach (RangeSeries series in result.Matrix)
                {
                    Labels key = series.Labels.Without(Labels.MetricName);
                    if (!values.TryGetValue(key, out List<double>? list))
                        values.Add(key, list = []);
                    list.AddRange(series.Values.Where(double.IsFinite));
                }
            }
            loaded = asked with { Series = values.ToDictionary(v => v.Key, v => new Baseline([.. v.Value.Order()])), Before = null };
        }
        catch (QueryException e) when (e.Failure == QueryFailure.Busy)
        {
            // Others take the places now; the next round asks again.
            if (asked.Before is { } before)
                _baselines.TryUpdate(expr.Text, before, asked);
            else
                _baselines.TryRemove(KeyValuePair.Create(expr.Text, asked));
            return;
        }
        catch (QueryException e)
        {
            loaded = asked with { Error = e.Message };
        }
        _baselines.TryUpdate(expr.Text, loaded, asked);
    }
}
