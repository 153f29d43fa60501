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
        return bounds.Kind switch
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

    private string Counted(string ever) =>
        string.Create(CultureInfo.InvariantCulture, $"is {ever} so: at most {Most} {What} are counted for each group");
}
