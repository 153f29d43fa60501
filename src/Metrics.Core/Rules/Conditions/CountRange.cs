using System.Globalization;

namespace Metrics.Rules.Conditions;

/// <summary>Which counts there are of one group.</summary>
/// <param name="Least">The least: 1 where a group is there only while it has events.</param>
/// <param name="Most">The greatest; it may stand for more.</param>
/// <param name="What">What is counted.</param>
internal readonly record struct CountRange(long Least, long Most, string What)
{
    private const string NeverFew = "is never so: a group is there while it has events, and gone with the last";

    /// <summary>The counts of events, or of different values, with or without groups.</summary>
    public static CountRange Of(bool isDistinct, bool isGrouped) =>
        new(isGrouped ? 1 : 0, isDistinct ? DistinctWindow.MaxValues : int.MaxValue, isDistinct ? "different values" : "events");

    /// <summary>Why bounds say nothing about these counts: <c>is never so: …</c>; null where they may be met and not be met.</summary>
    /// <param name="bounds">The bounds; of those that are templates nothing is known.</param>
    public string? Refusal(Bounds bounds)
    {
        if (bounds.Limits.Any(l => l.ConstantNumber is null))
            return null;
        double low = bounds.Limits[0].ConstantNumber!.Value, high = bounds.Limits[^1].ConstantNumber!.Value;
        return RefusalOfAny(bounds) ?? bounds.Kind switch
        {
            ThresholdKind.Above when low >= Most => Counted("never"),
            ThresholdKind.Below when low <= Least => NeverFew,
            ThresholdKind.Below when low > Most => Counted("always"),
            ThresholdKind.Equals when low < Least => NeverFew,
            ThresholdKind.Equals when low >= Most => Counted("never"),
            ThresholdKind.NotEquals when low >= Most => Counted("always"),
            ThresholdKind.Outside when low > Most => Counted("always"),
            ThresholdKind.Outside when low <= Least && high >= Most => Counted("never"),
            _ => null,
        };
    }

    /// <summary>Why bounds say nothing about counts, whatever is counted; null where they may.</summary>
    /// <param name="bounds">The bounds; of those that are templates nothing is known.</param>
    public static string? RefusalOfAny(Bounds bounds)
    {
        const string NotLess = "so: no count is less than 0", Whole = "so: a count is a whole number";
        if (bounds.Limits.Any(l => l.ConstantNumber is null))
            return null;
        double low = bounds.Limits[0].ConstantNumber!.Value, high = bounds.Limits[^1].ConstantNumber!.Value;
        return bounds.Kind switch
        {
            ThresholdKind.Above when low < 0 => $"is always {NotLess}",
            ThresholdKind.Below when low <= 0 => $"is never {NotLess}",
            ThresholdKind.Equals when low < 0 => $"is never {NotLess}",
            ThresholdKind.NotEquals when low < 0 => $"is always {NotLess}",
            ThresholdKind.Outside when high < 0 => $"is always {NotLess}",
            ThresholdKind.Equals when !double.IsInteger(low) => $"is never {Whole}",
            ThresholdKind.NotEquals when !double.IsInteger(low) => $"is always {Whole}",
            _ => null,
        };
    }

    private string Counted(string ever) =>
        string.Create(CultureInfo.InvariantCulture, $"is {ever} so: at most {Most} {What} are counted for each group");
}
