using Metrics.Query;
using Metrics.Rules.Absence;

namespace Metrics.Rules;

/// <summary>A rule as its file has it.</summary>
public abstract record Rule
{
    /// <summary>Its name: of the alert, or of the metric that it writes.</summary>
    public required string Name { get; init; }

    /// <summary>The file and line where it stands.</summary>
    public required string Location { get; init; }

    /// <summary>What is evaluated.</summary>
    public required PreparedQuery Expr { get; init; }
}

/// <summary>One of several severities of a rule.</summary>
/// <param name="Family">The same for all severities of the rule.</param>
/// <param name="Severity">Value of the label <c>severity</c>.</param>
/// <param name="Rank">A higher one mutes those below it.</param>
public sealed record SeverityStep(string Family, string Severity, int Rank);

/// <summary>A rule that raises alerts.</summary>
public sealed record AlertRule : Rule
{
    /// <summary>The bound; null means that a series is out of bounds by being there.</summary>
    public Threshold? Threshold { get; init; }

    /// <summary>
    /// When set the rule watches for absence: every series that the expression ever gave is expected, and alerts when it was not heard of
    /// for so long.
    /// </summary>
    public TimeSpan? AbsentFor { get; init; }

    /// <summary>When set the expression counts what came in a window, and the rule alerts when that is less than usual for the hour of the week.</summary>
    public LearnedExpectation? Learned { get; init; }

    /// <summary>What an <c>absent_for</c> rule expects because somebody says so; null is what the expression ever gave.</summary>
    public DeclaredExpectation? Expect { get; init; }

    /// <summary>Its place among the severities of one rule; null where it stands alone.</summary>
    public SeverityStep? Ladder { get; init; }

    /// <summary>Its times and policies.</summary>
    public required AlertPolicy Policy { get; init; }

    /// <summary>Labels added to its alerts; they win over those of the series.</summary>
    public required IReadOnlyList<KeyValuePair<string, RuleTemplate>> Labels { get; init; }

    /// <summary>Texts for people.</summary>
    public required IReadOnlyList<KeyValuePair<string, RuleTemplate>> Annotations { get; init; }
}

/// <summary>A rule that writes what its expression gives as a new metric.</summary>
public sealed record RecordingRule : Rule
{
    /// <summary>Labels set on what is written; an empty one is removed.</summary>
    public required IReadOnlyList<KeyValuePair<string, string>> Labels { get; init; }
}

/// <summary>Rules that are evaluated together at one moment, in order: each sees what those before it have recorded.</summary>
/// <param name="Name">Unique within its file.</param>
/// <param name="File">The file.</param>
/// <param name="Interval">How often it is evaluated apart from the arrival of data.</param>
/// <param name="Rules">Its rules.</param>
public sealed record RuleGroup(string Name, string File, TimeSpan Interval, IReadOnlyList<Rule> Rules)
{
    /// <summary>Series or alerts that one rule may give; 0 is any number. A rule that gives more fails.</summary>
    public int Limit { get; init; }

    /// <summary>How far before now it is evaluated, so that late samples are seen. Default 0.</summary>
    public TimeSpan QueryOffset { get; init; }

    /// <summary>Its alerting rules.</summary>
    public IEnumerable<AlertRule> Alerting => Rules.OfType<AlertRule>();

    /// <summary>Its recording rules.</summary>
    public IEnumerable<RecordingRule> Recording => Rules.OfType<RecordingRule>();

    /// <summary>The metric names whose arrival evaluates the group; null when some rule may read any metric.</summary>
    public IReadOnlySet<string>? MetricNames { get; } = NamesOf(Rules);

    private static HashSet<string>? NamesOf(IReadOnlyList<Rule> rules) =>
        rules.Any(r => r.Expr.MetricNames is null) ? null : [.. rules.SelectMany(r => r.Expr.MetricNames!)];
}
