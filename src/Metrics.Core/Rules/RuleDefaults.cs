namespace Metrics.Rules;

/// <summary>What holds for groups of rules that do not say otherwise.</summary>
/// <param name="Interval">How often they are evaluated. Default 15 s.</param>
/// <param name="QueryOffset">How far back in time they look. Default 0.</param>
public sealed record RuleDefaults(TimeSpan Interval, TimeSpan QueryOffset)
{
    /// <summary>Where nothing is said.</summary>
    public static RuleDefaults None { get; } = new(TimeSpan.FromSeconds(15), TimeSpan.Zero);
}
