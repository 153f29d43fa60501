using System.Globalization;
using Metrics.Rules.Conditions;

namespace Metrics.Rules.Sigma;

/// <summary>What a correlation compares a count with: <c>gte: 10</c>.</summary>
/// <param name="Operator">One of <see cref="Operators"/>.</param>
/// <param name="Number">The number beside it, 0 or more.</param>
internal readonly record struct SigmaLimit(string Operator, long Number)
{
    /// <summary>All operators.</summary>
    public static IReadOnlyList<string> Operators { get; } = ["gt", "gte", "lt", "lte", "eq", "neq"];

    /// <summary>What raises the alert.</summary>
    public Bounds Bounds
    {
        get
        {
            (ThresholdKind kind, long bound) = Operator switch
            {
                "gt" => (ThresholdKind.Above, Number),
                "gte" => (ThresholdKind.Above, Number - 1),
                "lt" => (ThresholdKind.Below, Number),
                "lte" => (ThresholdKind.Below, Number + 1),
                "eq" => (ThresholdKind.Equals, Number),
                _ => (ThresholdKind.NotEquals, Number),
            };
            return new Bounds(kind, [RuleTemplate.Plain(bound.ToString(CultureInfo.InvariantCulture))], null);
        }
    }

    /// <summary>Why it says nothing about counts; null where it is so of some and not so of others.</summary>
    /// <param name="least">The least count that there is: 1 where a group is there only while it has events.</param>
    /// <param name="most">The greatest; it may stand for more.</param>
    /// <param name="what">What is counted.</param>
    public (SigmaReason Reason, string Message)? Refusal(long least, long most, string what)
    {
        string text = string.Create(CultureInfo.InvariantCulture, $"{Operator}: {Number}");
        switch (Operator)
        {
            case "gte" when Number == 0:
                return (SigmaReason.Broken, $"{text} is always so");
            case "lt" when Number == 0:
                return (SigmaReason.Broken, $"{text} is never so");
            case "lt" when Number <= least:
            case "lte" or "eq" when Number < least:
                return (SigmaReason.Correlation, $"{text} is never so: a group is there while it has events, and gone with the last");
            case "gte" or "lt" when Number > most:
            case "gt" or "lte" or "eq" or "neq" when Number >= most:
                string ever = Operator is "lt" or "lte" or "neq" ? "always" : "never";
                return (SigmaReason.Correlation, string.Create(
                    CultureInfo.InvariantCulture, $"{text} is {ever} so: at most {most} {what} are counted for each group"));
            default:
                return null;
        }
    }
}
