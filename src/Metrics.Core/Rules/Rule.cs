using Metrics.Query;
using Metrics.Rules.Conditions;
using Metrics.Text;

namespace Metrics.Rules;

/// <summary>A rule as its file has it.</summary>
public abstract record Rule
{
    /// <summary>Its name: of the alert, or of the metric that it writes.</summary>
    public required string Name { get; init; }

    /// <summary>The file and line where it stands.</summary>
    public required string Location { get; init; }

    /// <summary>What it evaluates or watches for, as people read it.</summary>
    public abstract string Text { get; }

    /// <summary>The expressions that it evaluates.</summary>
    public abstract IReadOnlyList<PreparedQuery> Queries { get; }

    /// <summary>Metrics whose arrival may change what it gives; null is any.</summary>
    public abstract IReadOnlySet<string>? Metrics { get; }
}

/// <summary>One of several severities of a rule.</summary>
/// <param name="Family">The same for all severities of the rule.</param>
/// <param name="Severity">Value of the label <c>severity</c>.</param>
/// <param name="Rank">A higher one mutes those below it.</param>
public sealed record SeverityStep(string Family, string Severity, int Rank);

/// <summary>A rule that raises alerts.</summary>
public sealed record AlertRule : Rule
{
    /// <summary>What it watches for.</summary>
    public required Condition Condition { get; init; }

    /// <inheritdoc />
    public override string Text => Condition.Text;

    /// <inheritdoc />
    public override IReadOnlyList<PreparedQuery> Queries => Condition.Queries;

    /// <inheritdoc />
    public override IReadOnlySet<string>? Metrics => Condition.Metrics;

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
    /// <summary>What is evaluated.</summary>
    public required PreparedQuery Expr { get; init; }

    /// <inheritdoc />
    public override string Text => Expr.Text;

    /// <inheritdoc />
    public override IReadOnlyList<PreparedQuery> Queries => [Expr];

    /// <inheritdoc />
    public override IReadOnlySet<string>? Metrics => Expr.MetricNames is { } names ? names.ToHashSet() : null;

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

    /// <summary>
    /// What its file says of it (<see cref="YamlDigest"/>), wherever it stands there; equal as long as nothing of it has changed.
    /// </summary>
    public required string Digest { get; init; }

    /// <summary>Whether another reading of its file gives the very same, its place in the file included.</summary>
    public bool IsSameAs(RuleGroup other) => File == other.File && Name == other.Name && Digest == other.Digest
        && (Interval, QueryOffset) == (other.Interval, other.QueryOffset)
        && Rules.Select(r => r.Location).SequenceEqual(other.Rules.Select(r => r.Location));
}
