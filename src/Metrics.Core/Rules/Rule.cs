using Metrics.Query;

namespace Metrics.Rules;

/// <summary>A rule that raises alerts.</summary>
public sealed record AlertRule
{
    /// <summary>Its name, <c>alertname</c> of its alerts.</summary>
    public required string Name { get; init; }

    /// <summary>The file and line where it stands.</summary>
    public required string Place { get; init; }

    /// <summary>What is judged.</summary>
    public required PreparedQuery Expr { get; init; }

    /// <summary>The bound; null means that a series is out of bounds by being there.</summary>
    public Threshold? Threshold { get; init; }

    /// <summary>
    /// When set the rule watches for absence: every series that the expression ever gave is expected, and alerts when it was not heard of
    /// for so long.
    /// </summary>
    public TimeSpan? AbsentFor { get; init; }

    /// <summary>Its times and policies.</summary>
    public required AlertPolicy Policy { get; init; }

    /// <summary>Labels added to its alerts; they win over those of the series.</summary>
    public required IReadOnlyList<KeyValuePair<string, RuleTemplate>> Labels { get; init; }

    /// <summary>Texts for people.</summary>
    public required IReadOnlyList<KeyValuePair<string, RuleTemplate>> Annotations { get; init; }
}

/// <summary>A rule that writes what its expression gives as a new metric.</summary>
/// <param name="Name">The new metric's name.</param>
/// <param name="Place">The file and line where it stands.</param>
/// <param name="Expr">What is written.</param>
/// <param name="Labels">Labels set on what is written; an empty one is removed.</param>
public sealed record RecordingRule(string Name, string Place, PreparedQuery Expr, IReadOnlyList<KeyValuePair<string, string>> Labels);

/// <summary>Rules that are evaluated together, in order.</summary>
/// <param name="Name">Unique within its file.</param>
/// <param name="File">The file.</param>
/// <param name="Interval">How often it is evaluated apart from the arrival of data.</param>
/// <param name="Recording">Its recording rules.</param>
/// <param name="Alerting">Its alerting rules.</param>
public sealed record RuleGroup(
    string Name, string File, TimeSpan Interval, IReadOnlyList<RecordingRule> Recording, IReadOnlyList<AlertRule> Alerting)
{
    /// <summary>The metric names whose arrival evaluates the group; null when some rule may read any metric.</summary>
    public IReadOnlySet<string>? MetricNames { get; } = NamesOf([.. Recording.Select(r => r.Expr), .. Alerting.Select(r => r.Expr)]);

    private static HashSet<string>? NamesOf(List<PreparedQuery> queries) =>
        queries.Exists(q => q.MetricNames is null) ? null : [.. queries.SelectMany(q => q.MetricNames!)];
}
