using Metrics.Formats;
using Metrics.Model;

namespace Metrics.Rules.Conditions;

/// <summary>How a value is compared with a rule's threshold.</summary>
public enum ThresholdKind
{
    /// <summary>Out of bounds when greater.</summary>
    Above,

    /// <summary>Out of bounds when less.</summary>
    Below,

    /// <summary>Out of bounds when less than the first or greater than the second.</summary>
    Outside,

    /// <summary>Out of bounds when equal.</summary>
    Equals,

    /// <summary>Out of bounds when different.</summary>
    NotEquals,

    /// <summary>Out of bounds when zero or more, and less than the bound: seconds until something is reached.</summary>
    Within,
}

/// <summary>What a value must not reach: a kind, one limit (two for <see cref="ThresholdKind.Outside"/>), and where it clears.</summary>
/// <param name="Kind">The comparison.</param>
/// <param name="Limits">One template, or low and high.</param>
/// <param name="Clear">For above and below: the value at which an open alert clears (hysteresis); null is the limit itself.</param>
public sealed record Bounds(ThresholdKind Kind, IReadOnlyList<RuleTemplate> Limits, RuleTemplate? Clear)
{
    /// <summary>The bounds as they were written: numbers as a comparison, templates as they are.</summary>
    public string Text => Limits.All(l => l.ConstantNumber is not null)
        ? Describe(Kind, [.. Limits.Select(l => l.ConstantNumber!.Value)])
        : $"{Kind.ToString().ToLowerInvariant()} {string.Join(" … ", Limits.Select(l => l.Text))}";

    /// <summary>Whether they are the same for every series and time.</summary>
    public bool IsConstant => Limits.All(l => l.ConstantNumber is not null) && Clear is null or { ConstantNumber: not null };

    /// <summary>How the value of an alert lies to its bound as rendered last: <c>is &gt; 85</c>, <c>is no longer &gt; 85</c>.</summary>
    public string Describe(AlertInstance alert)
    {
        string bound = Kind == ThresholdKind.Outside
            ? $"outside, crossing {FloatText.Format(alert.Bound)}"
            : Describe(Kind, [alert.Bound]);
        return alert.State is AlertState.Inactive ? $"is no longer {bound}" : $"is {bound}";
    }

    /// <summary>The comparison as a person reads it: <c>&gt; 85</c>.</summary>
    public static string Describe(ThresholdKind kind, IReadOnlyList<double> bounds) => kind switch
    {
        ThresholdKind.Above => $"> {FloatText.Format(bounds[0])}",
        ThresholdKind.Below => $"< {FloatText.Format(bounds[0])}",
        ThresholdKind.Outside => $"outside {FloatText.Format(bounds[0])} … {FloatText.Format(bounds[1])}",
        ThresholdKind.Within => $"reached within {Duration.Format(TimeSpan.FromSeconds(bounds[0]))}",
        ThresholdKind.Equals => $"== {FloatText.Format(bounds[0])}",
        _ => $"!= {FloatText.Format(bounds[0])}",
    };

    /// <summary>Whether a value is out of bounds.</summary>
    public static bool IsBreached(ThresholdKind kind, IReadOnlyList<double> bounds, double value) => kind switch
    {
        ThresholdKind.Above => value > bounds[0],
        ThresholdKind.Below => value < bounds[0],
        ThresholdKind.Outside => value < bounds[0] || value > bounds[1],
        ThresholdKind.Equals => value == bounds[0],
        ThresholdKind.Within => value >= 0 && value < bounds[0],
        _ => value != bounds[0],
    };

    /// <summary>Judges a value.</summary>
    /// <param name="scope">The series and its value.</param>
    /// <param name="open">Whether its alert is open, so that <see cref="Clear"/> decides when it ends.</param>
    /// <param name="time">For the time limit of templates.</param>
    /// <returns>The reading, and the bound (the one that was crossed) for messages.</returns>
    /// <exception cref="TemplateException">A template failed or gave no number.</exception>
    public (Observation Observation, double Bound) Judge(TemplateScope scope, bool open, TimeProvider time)
    {
        if (double.IsNaN(scope.Value))
            return (Observation.NoData, double.NaN);
        double low = Limits[0].RenderNumber(scope, time);
        double high = Limits.Count > 1 ? Limits[1].RenderNumber(scope, time) : low;
        bool breached = IsBreached(Kind, [low, high], scope.Value);
        double bound = Kind == ThresholdKind.Outside && scope.Value > low ? high : low;
        if (!breached && open && Clear is not null)
        {
            double clear = Clear.RenderNumber(scope with { Threshold = bound }, time);
            breached = Kind == ThresholdKind.Above ? scope.Value >= clear : scope.Value <= clear;
        }
        return (breached ? Observation.Breached : Observation.Clear, bound);
    }
}
