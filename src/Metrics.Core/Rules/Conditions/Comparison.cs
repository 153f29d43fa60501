using Metrics.Formats;
using Metrics.Model;
using Metrics.Query;
using Metrics.Query.Syntax;

namespace Metrics.Rules.Conditions;

/// <summary>The expression compares by itself, as in Prometheus: a series is out of bounds by being in its result.</summary>
/// <param name="Expr">The expression.</param>
public sealed record Comparison(PreparedQuery Expr) : Condition
{
    /// <inheritdoc />
    public override string Text => Expr.Text;

    /// <inheritdoc />
    public override string Query => Expr.Text;

    /// <inheritdoc />
    public override IReadOnlyList<PreparedQuery> Queries { get; } = [Expr];

    /// <inheritdoc />
    public override IReadOnlySet<string>? Metrics { get; } = MetricsOf(Expr);

    /// <summary>The value beside its bound: of <c>x &gt; 5</c> it is x, since the comparison would hide the way there.</summary>
    public override PreparedQuery Drawn => field ??=
        Forecast?.Expr ?? (Compared is { } comparison ? PreparedQuery.Of(comparison.Left) : Expr);

    /// <inheritdoc />
    public override Forecast? Forecast { get; } = ComparedIn(Expr) is { } comparison ? Forecast.Of(comparison) : null;

    /// <inheritdoc />
    public override double DrawnBound(double bound) => Compared is { } comparison && UnitReader.ConstantOf(comparison.Right) is { } level
        ? level
        : bound;

    /// <summary>Of what must not be (or must be) one value, or be there, the value says nothing.</summary>
    private bool SaysNothing { get; } = ComparedIn(Expr) is { Operator: BinaryOperator.Equal or BinaryOperator.NotEqual }
        || ComparedSide.Of(Expr) is { AlwaysKnown: true };

    /// <inheritdoc />
    public override string Read(double value) => SaysNothing ? ""
        : Forecast is { } forecast && base.Read(value) is { Length: > 0 } text
            ? $"{text} in {ValueUnit.FormatTime(forecast.Within.TotalSeconds)}"
            : base.Read(value);

    private BinaryExpr? Compared => ComparedIn(Expr);

    /// <summary>The comparison that gives the values: <c>x &gt; 5</c> of <c>(x &gt; 5) and y</c>.</summary>
    internal static BinaryExpr? ComparedIn(PreparedQuery expr)
    {
        Expr root = expr.Root;
        while (root is ParenExpr or BinaryExpr { Operator: BinaryOperator.And or BinaryOperator.Unless })
            root = root is ParenExpr paren ? paren.Inner : ((BinaryExpr)root).Left;
        return root is BinaryExpr { Left.Type: ExprType.Vector, ReturnsBool: false } binary && binary.Operator.IsComparison()
            ? binary
            : null;
    }

    /// <inheritdoc />
    public override string Describe(AlertInstance alert) => double.IsNaN(alert.Value)
        ? $"{Expr.Text} gives nothing for it"
        : alert.State is AlertState.Inactive ? $"value {FloatText.Format(alert.Value)}, which is no longer within {Expr.Text}"
        : $"value {FloatText.Format(alert.Value)} of {Expr.Text}";

    internal override ConditionMemory Remember() => new ValueMemory(Expr, null, ComparedSide.Of(Expr));
}

/// <summary>The values of an expression are judged by bounds beside it.</summary>
/// <param name="Expr">The expression.</param>
/// <param name="Bounds">What is out of bounds.</param>
public sealed record Threshold(PreparedQuery Expr, Bounds Bounds) : Condition
{
    /// <inheritdoc />
    public override string Text => $"{Expr.Text} {Bounds.Text}";

    /// <inheritdoc />
    public override string Query => Bounds is { Limits: [{ ConstantNumber: { } limit }] }
        ? $"{Expr.Text} {Bounds.Describe(Bounds.Kind, [limit])}"
        : Expr.Text;

    /// <inheritdoc />
    public override IReadOnlyList<PreparedQuery> Queries { get; } = [Expr];

    /// <inheritdoc />
    public override IReadOnlySet<string>? Metrics { get; } = MetricsOf(Expr);

    /// <inheritdoc />
    public override PreparedQuery Drawn => Foretold?.Expr ?? Expr;

    /// <summary>What its values are the seconds until; null where they are no such thing.</summary>
    public Forecast? Foretold { get; init; }

    /// <inheritdoc />
    public override Forecast? Forecast => Foretold;

    /// <inheritdoc />
    public override double DrawnBound(double bound) => Foretold?.Reaches ?? bound;

    /// <inheritdoc />
    public override string Read(double value) => Bounds.Kind is ThresholdKind.Equals or ThresholdKind.NotEquals ? ""
        : Foretold is not { } forecast || double.IsNaN(value) ? base.Read(value)
        : !double.IsFinite(value) || value < 0 ? $"{Unit.Format(forecast.Reaches)} is not ahead"
        : $"{Unit.Format(forecast.Reaches)} in {ValueUnit.FormatTime(value)}";

    /// <inheritdoc />
    public override string Describe(AlertInstance alert) => double.IsNaN(alert.Value)
        ? $"{Expr.Text} gives nothing for it"
        : $"value {FloatText.Format(alert.Value)} {Bounds.Describe(alert)}";

    internal override ConditionMemory Remember() => new ValueMemory(Expr, Bounds, null);
}

/// <summary>Judges the values of an expression; nothing is remembered but the open alerts themselves.</summary>
internal sealed class ValueMemory(PreparedQuery expr, Bounds? bounds, ComparedSide? compared) : ConditionMemory
{
    /// <summary>What is compared; made when it is asked for.</summary>
    private PreparedQuery? _left;

    internal override void Observe(ConditionRound round)
    {
        var judged = new HashSet<Labels>();
        IReadOnlyList<VectorElement> vector = round.Evaluate(expr);
        round.CheckLimit(vector.Count);
        foreach (VectorElement element in vector)
        {
            Labels series = element.Labels.Without(Labels.MetricName);
            if (!judged.Add(series))
            {
                round.Error = $"the expression gives {series} more than once, under different metric names";
                continue;
            }
            (Observation Observation, double Bound)? verdict =
                bounds is null ? (Observation.Breached, double.NaN) : round.Judge(bounds, series, element.Sample.Value);
            if (verdict is { } known && (known.Observation == Observation.Breached || round.Open.ContainsKey(series)))
                round.Say(new Verdict(series, known.Observation, element.Sample.Value, known.Bound) { Sample = element.Labels });
        }
        // Of a moment at which nobody was listening, what is not there says nothing.
        if (round.Context.IsCatchUp)
            return;
        List<AlertInstance> left = [.. round.Open.Values.Where(a => !judged.Contains(a.Series))];
        if (left.Count == 0)
            return;
        IReadOnlySet<Labels>? within = compared?.SeriesWithValue(round.Context);
        IReadOnlyDictionary<Labels, double>? values = within is null ? null : ValuesNow(round);
        var retired = new RetiredSeries(expr, round, left.Min(BlindSince));
        foreach (AlertInstance alert in left)
        {
            bool isClear = within is null ? compared is { AlwaysKnown: true } : within.Contains(alert.Series);
            round.Say(
                !isClear && retired.Has(alert.Series, BlindSince(alert)) ? Verdict.Ended(alert.Series, EndReason.Retired)
                : new Verdict(alert.Series, isClear ? Observation.Clear : Observation.NoData, ValueOf(alert, isClear), alert.Bound));
        }

        double ValueOf(AlertInstance alert, bool isClear) =>
            isClear && values is not null && values.TryGetValue(alert.Series, out double value) ? value : double.NaN;

        long BlindSince(AlertInstance alert) => alert.State is AlertState.NoData blind ? blind.Since : round.At;
    }

    /// <summary>The values of what is compared, by series; null where that is not one thing.</summary>
    private IReadOnlyDictionary<Labels, double>? ValuesNow(ConditionRound round)
    {
        if (Comparison.ComparedIn(expr) is not { } comparison)
            return null;
        var values = new Dictionary<Labels, double>();
        foreach (VectorElement element in round.Evaluate(_left ??= PreparedQuery.Of(comparison.Left)))
            values.TryAdd(element.Labels.Without(Labels.MetricName), element.Sample.Value);
        return values;
    }
}
