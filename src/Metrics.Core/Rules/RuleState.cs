using Metrics.Model;
using Metrics.Query;

namespace Metrics.Rules;

/// <summary>A rule at work, and how its last evaluation went. Evaluated by one thread; the status may be read by any.</summary>
public abstract class RuleState(Rule rule)
{
    /// <summary>The rule.</summary>
    public Rule Rule => rule;

    /// <summary>Why the last evaluation was not complete, or null.</summary>
    public string? Error { get; protected set; }

    /// <summary>When it was evaluated last, milliseconds since 1970 UTC; 0 before the first time.</summary>
    public long LastAt { get; set; }

    /// <summary>How long that took.</summary>
    public TimeSpan LastDuration { get; set; }

    /// <summary>The labels of what it gives more than once are an error, since nobody could tell which is which.</summary>
    protected static QueryException Twice(Labels labels) =>
        new($"the result has the labels {labels} more than once after the rule's labels are set");
}

/// <summary>A recording rule at work.</summary>
public sealed class RecordingRuleState(RecordingRule rule, int limit) : RuleState(rule)
{
    /// <summary>What the rule writes now; nothing where it fails.</summary>
    public IReadOnlyList<VectorElement> Evaluate(RuleContext context)
    {
        Error = null;
        try
        {
            var written = new List<VectorElement>();
            var seen = new HashSet<Labels>();
            foreach (VectorElement element in context.Queries.Evaluate(rule.Expr, context.At))
            {
                Labels labels = element.Labels.With(Labels.MetricName, rule.Name);
                foreach ((string name, string value) in rule.Labels)
                    labels = labels.With(name, value);
                if (!seen.Add(labels))
                    throw Twice(labels);
                written.Add(new VectorElement(labels, new Sample(context.At, element.Sample.Value)));
            }
            if (limit > 0 && written.Count > limit)
                throw new QueryException($"exceeded limit of {limit} with {written.Count} series");
            return written;
        }
        catch (QueryException e)
        {
            Error = e.Message;
            return [];
        }
    }
}
