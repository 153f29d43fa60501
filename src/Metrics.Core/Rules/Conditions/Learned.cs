using Metrics.Formats;
using Metrics.Model;
using Metrics.Query;

namespace Metrics.Rules.Conditions;

/// <summary>The expression counts what came in a window; less than is usual for the hour of the week is out of bounds.</summary>
/// <param name="Expr">The expression.</param>
/// <param name="Probability">How sure it must be; 0.999 is one false alarm in a thousand windows.</param>
/// <param name="Over">The time that the expression counts over.</param>
/// <param name="MinHistory">How long a series is watched before anything is said of it.</param>
public sealed record Learned(PreparedQuery Expr, double Probability, TimeSpan Over, TimeSpan MinHistory) : Condition
{
    /// <summary>Whether only silence counts: nothing at all where something is usual, not less than usual.</summary>
    public bool OnlySilence { get; init; }

    /// <summary>Only less than this share of what is usual is out of bounds; 1 is whatever chance does not allow.</summary>
    public double Share { get; init; } = 1;

    /// <summary>
    /// A series is learned and judged only while this gives a value with labels that agree with its own; null is always. What stands
    /// still for another reason (its host is down, we do not listen) is so neither an alert nor usual from then on.
    /// </summary>
    public PreparedQuery? While { get; init; }

    /// <inheritdoc />
    public override string Text =>
        $"{Expr.Text} {Less} is usual, with a probability of {FloatText.Format(Probability)}"
        + (While is null ? "" : $", while {While.Text}");

    /// <inheritdoc />
    public override string Query => Expr.Text;

    /// <inheritdoc />
    public override IReadOnlyList<PreparedQuery> Queries => While is null ? [Expr] : [Expr, While];

    /// <summary>Only what it counts: why it is not to be judged is asked when it is.</summary>
    public override IReadOnlySet<string>? Metrics { get; } = MetricsOf(Expr);

    /// <inheritdoc />
    public override TimeSpan? Window => Over;

    /// <inheritdoc />
    public override PreparedQuery Drawn => Expr;

    /// <summary>Of a silence none: its value is a time, and what is drawn are counts.</summary>
    public override double DrawnBound(double bound) => OnlySilence ? double.NaN : bound;

    /// <inheritdoc />
    public override string Read(double value) => double.IsNaN(value) ? ""
        : OnlySilence ? $"silent for {ValueUnit.FormatTime(Math.Max(0, value))}"
        : $"{base.Read(value)} in {ValueUnit.FormatTime(Over.TotalSeconds)}";

    /// <inheritdoc />
    public override string Describe(AlertInstance alert)
    {
        string usual = FloatText.Format(Math.Round(alert.Bound, 2)), window = Duration.Format(Over);
        return OnlySilence
            ? $"nothing came for {FloatText.Format(Math.Round(alert.Value))} s; usual for this hour are {usual} in {window}"
            : $"{FloatText.Format(alert.Value)} over {window}; usual for this hour are {usual}"
                + (Share < 1 ? $", and less than {FloatText.Format(Share)} of that is too little" : "");
    }

    private string Less =>
        OnlySilence ? "silent for longer than" : Share < 1 ? $"less than {FloatText.Format(Share)} of what" : "less than";

    /// <summary>Whether so little is out of bounds at all, where chance does not allow it.</summary>
    internal bool IsLittle(double count, double usual) => count <= 0 || (!OnlySilence && (Share >= 1 || count < Share * usual));

    /// <summary>What is usual in a window says nothing of one of another length, nor of what another expression counts.</summary>
    internal override string Remembered => $"{Expr.Root} in {Duration.Format(Over)}";

    internal override ConditionMemory Remember() => new LearnedMemory(this);
}
