using Metrics.Model;
using Metrics.Query;
using Metrics.Query.Engine;
using Metrics.Series;

namespace Metrics.Rules.Conditions;

/// <summary>
/// Tells an alert that is blind from one of which what it watches was taken away: what gave a value for it and gives none any more is of
/// targets that are no longer listed, all of it.
/// </summary>
internal sealed class RetiredSeries(PreparedQuery expr, ConditionRound round)
{
    /// <summary>How long before an alert was blind its series may have ended.</summary>
    private static readonly long s_before = (long)TimeSpan.FromMinutes(10).TotalMilliseconds;

    private readonly IReadOnlySet<TargetName> _retired = round.Context.Environment.Retired;
    private IReadOnlyList<QueryNeed>? _needs;

    /// <summary>Whether what an alert watches is gone by the will of who lists the targets.</summary>
    public bool Has(AlertInstance alert)
    {
        if (_retired.Count == 0)
            return false;
        var target = TargetName.Of(alert.Series);
        if (target is { Job.Length: > 0, Instance.Length: > 0 })
            return _retired.Contains(target);
        long blindFor = alert.State is AlertState.NoData blind ? round.At - blind.Since : 0;
        _needs ??= expr.Needs(EvaluationSteps.At(round.At), new EngineOptions());
        bool isAny = false;
        foreach (QueryNeed need in _needs)
        {
            long after = need.After - blindFor - s_before;
            foreach (ISeries series in round.Context.Source.Select(need.Matchers, after, need.To))
            {
                if (!IsOf(series.Labels, alert.Series) || series.TryLast(need.To, need.After, out _) || !HadValues(series, after, need.To))
                    continue;
                if (!_retired.Contains(TargetName.Of(series.Labels)))
                    return false;
                isAny = true;
            }
        }
        return isAny;
    }

    /// <summary>Whether a series may have given a value for an alert: what both name is alike.</summary>
    private static bool IsOf(Labels series, Labels alert) => alert.All(l => series[l.Name] is "" || series[l.Name] == l.Value);

    private static bool HadValues(ISeries series, long after, long to)
    {
        var buffer = new SampleBuffer();
        series.Read(after, to, buffer);
        foreach (double value in buffer.Values)
        {
            if (!StaleMarker.Is(value))
                return true;
        }
        return false;
    }
}
