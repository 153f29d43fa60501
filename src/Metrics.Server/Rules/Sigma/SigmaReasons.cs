using Metrics.Rules.Sigma;

namespace Metrics.Rules;

/// <summary>How reasons are written.</summary>
internal static class SigmaReasons
{
    /// <summary>All of them, as words.</summary>
    public static IReadOnlyList<string> Words { get; } = [.. Enum.GetValues<SigmaReason>().Select(Word)];

    /// <summary>A reason as a word.</summary>
    public static string Word(this SigmaReason reason) => reason switch
    {
        SigmaReason.Broken => "broken",
        SigmaReason.Status => "status",
        SigmaReason.Logsource => "logsource",
        SigmaReason.Field => "field",
        SigmaReason.Modifier => "modifier",
        SigmaReason.Condition => "condition",
        SigmaReason.Correlation => "correlation",
        _ => throw new ArgumentOutOfRangeException(nameof(reason), reason, "a reason without a word"),
    };
}
