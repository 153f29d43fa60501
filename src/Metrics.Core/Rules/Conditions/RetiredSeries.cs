using Metrics.Model;
using Metrics.Query;
using Metrics.Query.Engine;
using Metrics.Series;

namespace Metrics.Rules.Conditions;

/// <summary>
/// Tells what is blind from that of which what it watches was taken away: what gave a value for it and gives none any more is of targets
/// that are no longer listed, all of it. Looks for ended series once, when it is first asked.
/// </summary>
/// <param name="expr">What gives the values.</param>
/// <param name="round">The round.</param>
/// <param name="earliest">The earliest moment since which it is asked of, milliseconds.</param>
internal sealed class RetiredSeries(PreparedQuery expr, ConditionRound round, long earliest)
{
    /// <summary>How long before something was blind its series may have ended.</summary>
    private static readonly long s_before = (long)TimeSpan.FromMinutes(10).TotalMilliseconds;

    private readonly ILookup<TargetName, RetiredTarget> _retired = round.Context.Environment.Retired;
    private List<Ended>? _ended;

    /// <summary>A series that gives no value any more.</summary>
    /// <param name="Labels">Its labels.</param>
    /// <param name="LastAt">When it gave one last.</param>
    /// <param name="Reach">How long after that it may have made a difference.</param>
    /// <param name="IsRetired">Whether it is of a target that was taken out.</param>
    private readonly record struct Ended(Labels Labels, long LastAt, long Reach, bool IsRetired);

    /// <summary>Whether what gave a value is gone by the will of who lists the targets.</summary>
    /// <param name="given">The series that the expression gave.</param>
    /// <param name="since">Since when it gives none, milliseconds.</param>
    public bool Has(Labels given, long since)
    {
        if (_retired.Count == 0)
            return false;
        var name = TargetName.Of(given);
        bool isNamed = name is { Job.Length: > 0, Instance.Length: > 0 }, isAny = false;
        foreach (Ended series in _ended ??= Find())
        {
            if (series.LastAt <= since - series.Reach || !IsOf(series.Labels, given) || (isNamed && TargetName.Of(series.Labels) != name))
                continue;
            if (!series.IsRetired)
                return false;
            isAny = true;
        }
        return isAny || (isNamed && _retired[name].Any(r => r.IsAllOfItsName(since)));
    }

    private List<Ended> Find()
    {
        var ended = new List<Ended>();
        var samples = new SampleBuffer();
        foreach (QueryNeed need in expr.Needs(EvaluationSteps.At(round.At), new EngineOptions()))
        {
            long reach = round.At - need.After + s_before, after = earliest - reach;
            foreach (ISeries series in round.Context.Source.Select(need.Matchers, after, need.To))
            {
                if (series.TryLast(need.To, need.After, out _))
                    continue;
                samples.Clear();
                series.Read(after, need.To, samples);
                samples.DropStale();
                if (samples.Count == 0)
                    continue;
                long lastAt = samples.Times[^1];
                bool isRetired = _retired[TargetName.Of(series.Labels)].Any(r => r.Gave(series.Labels, lastAt));
                ended.Add(new Ended(series.Labels, lastAt, reach, isRetired));
            }
        }
        return ended;
    }

    /// <summary>Whether a series may have given a value for another: what both name is alike.</summary>
    private static bool IsOf(Labels series, Labels given) =>
        ((IEnumerable<Label>)given).All(l => l.Name == Labels.MetricName || series[l.Name] is "" || series[l.Name] == l.Value);
}
