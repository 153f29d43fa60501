namespace Metrics.Model;

/// <summary>A target that was polled and is no longer listed: its series have ended because somebody wanted it so.</summary>
/// <param name="Labels">All its labels.</param>
/// <param name="At">When it was taken out, milliseconds since 1970 UTC.</param>
public sealed record RetiredTarget(Labels Labels, long At)
{
    /// <summary>What is computed over a few minutes goes on for as long. What comes later does not come from this target.</summary>
    private static readonly long s_tail = (long)TimeSpan.FromMinutes(10).TotalMilliseconds;

    /// <summary>Labels of the targets that are still polled under the same name.</summary>
    public IReadOnlyList<Labels> Left { get; init; } = [];

    /// <summary>What its series are called alike.</summary>
    public TargetName Name => TargetName.Of(Labels);

    /// <summary>Whether a series is one of its own, and ended with it.</summary>
    /// <param name="series">The series.</param>
    /// <param name="lastAt">Time of its last sample that is no stale marker.</param>
    public bool Gave(Labels series, long lastAt) => lastAt <= At + s_tail && Has(series, Labels) && !Left.Any(l => Has(series, l));

    /// <summary>Whether all that bears its name ended with it, by when something came under that name last.</summary>
    public bool IsAllOfItsName(long lastAt) => lastAt <= At + s_tail && Left.Count == 0;

    private static bool Has(Labels series, Labels labels) => ((IEnumerable<Label>)labels).All(l => series[l.Name] == l.Value);
}
