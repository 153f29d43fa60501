using System.Globalization;
using Metrics.Rules.Conditions;
using Metrics.Text;

namespace Metrics.Rules.Sigma;

/// <summary>What a correlation compares a count with: <c>gte: 10</c>.</summary>
/// <param name="Operator">One of <see cref="Operators"/>.</param>
/// <param name="Number">The number beside it, 0 or more.</param>
internal readonly record struct SigmaLimit(string Operator, long Number)
{
    /// <summary>All operators.</summary>
    public static IReadOnlyList<string> Operators { get; } = ["gt", "gte", "lt", "lte", "eq", "neq"];

    /// <summary>Reads one; null where it is none.</summary>
    public static SigmaLimit? Read(YamlText key, YamlValue value) =>
        Operators.Contains(key.Text) && value is YamlText text
        && long.TryParse(text.Text, NumberStyles.None, CultureInfo.InvariantCulture, out long number)
            ? new SigmaLimit(key.Text, number) : null;

    /// <summary>What raises the alert.</summary>
    public Bounds Bounds
    {
        get
        {
            (ThresholdKind kind, decimal bound) = Operator switch
            {
                "gt" => (ThresholdKind.Above, Number),
                "gte" => (ThresholdKind.Above, Number - 1m),
                "lt" => (ThresholdKind.Below, Number),
                "lte" => (ThresholdKind.Below, Number + 1m),
                "eq" => (ThresholdKind.Equals, Number),
                _ => (ThresholdKind.NotEquals, Number),
            };
            return new Bounds(kind, [RuleTemplate.Plain(bound.ToString(CultureInfo.InvariantCulture))], null);
        }
    }

    /// <summary>Why it says nothing about counts; null where it is so of some and not so of others.</summary>
    /// <param name="counts">The counts that there are.</param>
    public (SigmaReason Reason, string Message)? Refusal(CountRange counts)
    {
        string text = string.Create(CultureInfo.InvariantCulture, $"{Operator}: {Number}");
        return counts.Refusal(Bounds) is not { } refusal ? null
            : (CountRange.RefusalOfAny(Bounds) is null ? SigmaReason.Correlation : SigmaReason.Broken, $"{text} {refusal}");
    }
}
