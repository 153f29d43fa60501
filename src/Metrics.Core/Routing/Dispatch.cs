namespace Metrics.Routing;

/// <summary>
/// What a round of the <see cref="Dispatcher"/> has come to. All of it belongs into one unit of work: who is notified, and that it is
/// remembered.
/// </summary>
public sealed record Dispatch
{
    /// <summary>Who is to be notified, in order; those with a digest are in it and no message of their own.</summary>
    public required IReadOnlyList<Notification> Notifications { get; init; }

    /// <summary>Digests that are new or have grown, whole.</summary>
    public required IReadOnlyList<Digest> Digests { get; init; }

    /// <summary>What happened to alerts on their way.</summary>
    public required IReadOnlyList<HistoryLine> History { get; init; }

    /// <summary>Whether all groups that were remembered are to be forgotten first, since the routes are others.</summary>
    public required bool ForgetsGroups { get; init; }

    /// <summary>Groups to be remembered as they are now.</summary>
    public required IReadOnlyList<GroupState> Groups { get; init; }

    /// <summary>Groups that are no more.</summary>
    public required IReadOnlyList<GroupKey> GoneGroups { get; init; }

    /// <summary>What is to be remembered of alerts that come and go.</summary>
    public required IReadOnlyList<FlapRecord> Flaps { get; init; }

    /// <summary>Alerts that have been quiet for so long that it is forgotten how they came and went.</summary>
    public required IReadOnlyList<AlertKey> GoneFlaps { get; init; }

    /// <summary>Alerts that are over: acknowledgements of them are to be forgotten.</summary>
    public required IReadOnlyList<AlertId> Ended { get; init; }
}
