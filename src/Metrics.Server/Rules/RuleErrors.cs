using System.Collections.Concurrent;

namespace Metrics.Rules;

/// <summary>
/// Counts and logs rules that are in error: once when they begin to be, and once when they no longer are. Safe for use by several threads.
/// </summary>
internal sealed partial class RuleErrors(RuleMetrics metrics, ILogger log)
{
    private readonly ConcurrentDictionary<RuleState, string> _known = new(ReferenceEqualityComparer.Instance);

    /// <summary>Looks at the rules that had their turn.</summary>
    /// <param name="group">Their group.</param>
    /// <param name="chosen">Which; null is all.</param>
    public void Note(GroupRunner group, RuleMask? chosen)
    {
        for (int i = 0; i < group.Rules.Count; i++)
        {
            if (chosen is null || chosen[i])
                Note(group.Group.Name, group.Rules[i]);
        }
        metrics.InError.Set(_known.Count);
    }

    /// <summary>Forgets a group that is no longer in force.</summary>
    public void Forget(GroupRunner group)
    {
        foreach (RuleState rule in group.Rules)
            _known.TryRemove(rule, out _);
        metrics.InError.Set(_known.Count);
    }

    private void Note(string group, RuleState rule)
    {
        if (rule.Error is { } error)
        {
            metrics.Failures.WithLabels(group).Inc();
            if (_known.GetValueOrDefault(rule) != error)
                LogError(log, rule.Rule.Name, rule.Rule.Location, error);
            _known[rule] = error;
        }
        else if (!_known.IsEmpty && _known.TryRemove(rule, out _))
        {
            LogMended(log, rule.Rule.Name, rule.Rule.Location);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Rule {Rule} ({Place}) is in error: {Error}")]
    private static partial void LogError(ILogger log, string rule, string place, string error);

    [LoggerMessage(Level = LogLevel.Information, Message = "Rule {Rule} ({Place}) is no longer in error")]
    private static partial void LogMended(ILogger log, string rule, string place);
}
