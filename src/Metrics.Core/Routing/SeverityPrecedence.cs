using Metrics.Model;
using Metrics.Rules;

namespace Metrics.Routing;

/// <summary>Which severities of a rule with several are open for a series: people are notified of the highest alone.</summary>
public sealed class SeverityPrecedence
{
    private readonly Dictionary<(string Family, Labels Series), HashSet<SeverityStep>> _open = [];

    /// <summary>Notes how an alert is.</summary>
    /// <param name="severity">Of its rule; null is a rule with one severity, which has nothing above it.</param>
    /// <param name="series">What it is about.</param>
    /// <param name="isOpen">Whether it fires.</param>
    public void Note(SeverityStep? severity, Labels series, bool isOpen)
    {
        if (severity is null)
            return;
        if (!_open.TryGetValue((severity.Family, series), out HashSet<SeverityStep>? open))
            _open.Add((severity.Family, series), open = []);
        open.RemoveWhere(s => s.Rank == severity.Rank);
        if (isOpen)
            open.Add(severity);
        if (open.Count == 0)
            _open.Remove((severity.Family, series));
    }

    /// <summary>The name of the highest severity above this one that is open, or null.</summary>
    public string? Above(SeverityStep? severity, Labels series) =>
        severity is not null && _open.TryGetValue((severity.Family, series), out HashSet<SeverityStep>? open)
        && open.MaxBy(s => s.Rank) is { } highest && highest.Rank > severity.Rank ? highest.Severity : null;
}
