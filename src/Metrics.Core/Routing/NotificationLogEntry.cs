using Metrics.Model;

namespace Metrics.Routing;

/// <summary>
/// What one integration was notified of last about a group: it is not notified of the same again before the repeat interval.
/// </summary>
/// <param name="At">When.</param>
/// <param name="Open">The alerts that it knows as open.</param>
/// <param name="Marked">Of these the ones that it knows to have no data, or to flap.</param>
public sealed record NotificationLogEntry(Timestamp At, IReadOnlySet<AlertId> Open, IReadOnlySet<AlertId> Marked)
{
    /// <summary>Nothing yet.</summary>
    public static readonly NotificationLogEntry None = new(default, new HashSet<AlertId>(), new HashSet<AlertId>());

    /// <summary>Of the marked ones those that it knows to flap, and was promised to hear of when they are quiet.</summary>
    public IReadOnlySet<AlertId> Flapping { get; init; } = new HashSet<AlertId>();
}
