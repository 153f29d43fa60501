using Metrics.Formats;
using Metrics.Model;
using Metrics.Query;

namespace Metrics.Rules.Conditions;

/// <summary>Series that are expected and were not heard of for too long.</summary>
/// <param name="Expr">What is expected: every series that it ever gave.</param>
/// <param name="For">After what time a series is absent.</param>
/// <param name="Expect">What is expected because somebody says so; null is what the expression ever gave.</param>
public sealed record Absence(PreparedQuery Expr, TimeSpan For, DeclaredExpectation? Expect) : Condition
{
    /// <inheritdoc />
    public override string Text => $"{Expr.Text} absent for {Duration.Format(For)}";

    /// <inheritdoc />
    public override string Query => Expr.Text;

    /// <inheritdoc />
    public override IReadOnlyList<PreparedQuery> Queries { get; } = Expect?.Query is { } query ? [Expr, query] : [Expr];

    /// <summary>Only what it watches: that something is expected changes nothing until its time is up.</summary>
    public override IReadOnlySet<string>? Metrics { get; } = MetricsOf(Expr);

    /// <inheritdoc />
    public override TimeSpan? Window => For;

    /// <inheritdoc />
    public override PreparedQuery Drawn => Expr;

    /// <summary>None: its bound is a time, and its values are of the series.</summary>
    public override double DrawnBound(double bound) => double.NaN;

    /// <inheritdoc />
    public override string Read(double value) =>
        double.IsNaN(value) ? "" : value > For.TotalSeconds ? $"not heard of for {ValueUnit.FormatTime(value)}" : "heard of again";

    /// <inheritdoc />
    public override string Describe(AlertInstance alert)
    {
        string reason = alert.Annotations.TryGetValue("absence", out string? text) ? $": {text}" : "";
        return $"not heard of for {FloatText.Format(alert.Value)} s; allowed are {Duration.Format(For)}{reason}";
    }

    /// <summary>What is declared is compared each round, and may change; what an expression ever gave is of that alone.</summary>
    internal override string Remembered => $"{Expr.Root}{(Expect is null ? "" : " declared")}";

    internal override ConditionMemory Remember() => new AbsenceMemory(this);
}

/// <summary>What is expected because somebody says so.</summary>
/// <param name="Series">Sets of labels that must be there.</param>
/// <param name="File">An inventory file of such sets; null is none.</param>
/// <param name="Query">An expression whose series must be there; null is none.</param>
/// <param name="By">Labels of the query's series that name what is expected.</param>
public sealed record DeclaredExpectation(IReadOnlyList<Labels> Series, string? File, PreparedQuery? Query, IReadOnlyList<string> By);

/// <summary>A series that an <see cref="Absence"/> expects.</summary>
/// <param name="Series">Its labels, metric name included.</param>
/// <param name="LastSeen">Time of its newest sample, milliseconds since 1970 UTC.</param>
public readonly record struct ExpectedSeries(Labels Series, long LastSeen);
