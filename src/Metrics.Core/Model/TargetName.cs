namespace Metrics.Model;

/// <summary>What the series of a target are called alike.</summary>
/// <param name="Job">Label <c>job</c>.</param>
/// <param name="Instance">Label <c>instance</c>.</param>
public readonly record struct TargetName(string Job, string Instance)
{
    /// <summary>The target that gives a series.</summary>
    public static TargetName Of(Labels labels) => new(labels["job"], labels["instance"]);
}
