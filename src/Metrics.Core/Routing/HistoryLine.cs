using Metrics.Model;

namespace Metrics.Routing;

/// <summary>Where an alert went when it came.</summary>
/// <param name="Groups">The groups that it came into; several where a route goes on.</param>
/// <param name="Text">For people.</param>
public sealed record AlertPlacement(IReadOnlyList<GroupKey> Groups, string Text)
{
    internal static AlertPlacement Of(IReadOnlyList<AlertGroup> groups) =>
        new([.. groups.Select(g => g.Key)], string.Join("; ", groups.Select(g => g.Route.Describe(g.Labels)).Distinct()));
}

/// <summary>Something that happened to an alert on its way; together such lines tell why somebody was notified, or not.</summary>
/// <param name="At">When.</param>
/// <param name="Alert">The alert.</param>
public abstract record HistoryLine(Timestamp At, AlertId Alert)
{
    /// <summary>It went into its groups without a step of its own, as after a change of the routes.</summary>
    public sealed record Grouped(Timestamp At, AlertId Alert, AlertPlacement Placement) : HistoryLine(At, Alert);

    /// <summary>It was passed over when it was due, or for another reason than before.</summary>
    public sealed record Muted(Timestamp At, AlertId Alert, SuppressionReason Reason) : HistoryLine(At, Alert);

    /// <summary>It is no longer mute.</summary>
    public sealed record Heard(Timestamp At, AlertId Alert) : HistoryLine(At, Alert);
}
