using Metrics.Model;
using Metrics.Rules;

namespace Metrics.Alerting;

/// <summary>Which severities of a rule with several are open for a series: people are told of the highest alone.</summary>
internal sealed class SeverityPrecedence
{
    private readonly Dictionary<(string Family, Labels Series), HashSet<AlertRule>> _open = [];

    /// <summary>Notes how an alert is.</summary>
    public void Note(AlertRule rule, Labels series, bool isOpen)
    {
        if (rule.Ladder is not { } ladder)
            return;
        if (!_open.TryGetValue((ladder.Family, series), out HashSet<AlertRule>? open))
            _open.Add((ladder.Family, series), open = []);
        if (isOpen)
            open.Add(rule);
        else
            open.RemoveWhere(r => r.Ladder!.Rank == ladder.Rank);
        if (open.Count == 0)
            _open.Remove((ladder.Family, series));
    }

    /// <summary>The name of a higher severity that is open, or null.</summary>
    public string? Above(AlertRule rule, Labels series) =>
        rule.Ladder is { } ladder && _open.TryGetValue((ladder.Family, series), out HashSet<AlertRule>? open)
            ? open.Where(r => r.Ladder!.Rank > ladder.Rank).OrderByDescending(r => r.Ladder!.Rank).FirstOrDefault()?.Ladder!.Severity : null;
}
