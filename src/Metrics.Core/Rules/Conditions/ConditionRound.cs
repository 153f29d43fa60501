using Metrics.Model;
using Metrics.Query;

namespace Metrics.Rules.Conditions;

/// <summary>What a condition says of one series.</summary>
/// <param name="Series">The series, without its metric name.</param>
/// <param name="Observation">What is known of it.</param>
/// <param name="Value">Its value; NaN where there is none.</param>
/// <param name="Bound">The bound as rendered; NaN where there is none.</param>
internal sealed record Verdict(Labels Series, Observation Observation, double Value, double Bound)
{
    /// <summary>Labels of the sample, metric name included, for templates written for Prometheus.</summary>
    public Labels Sample { get; init; } = Series;

    /// <summary>Why the series is absent; empty where it is not.</summary>
    public string Absence { get; init; } = "";

    /// <summary>How sure the value is, in words; empty where it is exact.</summary>
    public string Estimate { get; init; } = "";

    /// <summary>The newest of the events that were counted.</summary>
    public IReadOnlyList<Event> Events { get; init; } = [];

    /// <summary>When set its alert ends for this reason, whatever was observed.</summary>
    public EndReason? End { get; init; }

    /// <summary>The alert of a series is over for a reason that is no value.</summary>
    public static Verdict Ended(Labels series, EndReason reason) => new(series, Observation.Clear, double.NaN, double.NaN) { End = reason };
}

/// <summary>One round of a condition: the moment, the alerts that are open, and whom it speaks to.</summary>
/// <param name="Context">The moment, and where the samples are.</param>
/// <param name="Policy">Times and policies of the rule.</param>
/// <param name="Limit">Alerts that the rule may give; 0 is any number.</param>
/// <param name="Open">Alerts that are pending, firing or without data, by series; follows each verdict.</param>
/// <param name="Scopes">Makes what templates see.</param>
/// <param name="Say">Takes a verdict.</param>
/// <param name="Time">For the time limit of templates.</param>
internal sealed record ConditionRound(
    RuleContext Context, AlertPolicy Policy, int Limit, IReadOnlyDictionary<Labels, AlertInstance> Open, TemplateScopes Scopes,
    Action<Verdict> Say, TimeProvider Time)
{
    /// <summary>What was wrong last; null when nothing was.</summary>
    public string? Error { get; set; }

    /// <summary>The moment, milliseconds since 1970 UTC.</summary>
    public long At => Context.At;

    /// <summary>What an expression gives now.</summary>
    /// <exception cref="QueryException">It cannot be evaluated.</exception>
    public IReadOnlyList<VectorElement> Evaluate(PreparedQuery query) => Context.Queries.Evaluate(query, Context.At);

    /// <summary>Judges a value by bounds; null when they cannot be rendered, which is the rule's error then.</summary>
    public (Observation Observation, double Bound)? Judge(Bounds bounds, Labels series, double value)
    {
        bool isOpen = Open.TryGetValue(series, out AlertInstance? alert) && alert.State.IsOpen;
        try
        {
            return bounds.Judge(Scopes.Of(Context, series, value, double.NaN), isOpen, Time);
        }
        catch (TemplateException e)
        {
            Error = $"threshold of {series}: {e.Message}";
            return null;
        }
    }

    /// <summary>More alerts than a group allows are a fault of the rule.</summary>
    /// <exception cref="QueryException">There are more.</exception>
    public void CheckLimit(int alerts)
    {
        if (Limit > 0 && alerts > Limit)
            throw new QueryException($"exceeded limit of {Limit} with {alerts} alerts");
    }
}
