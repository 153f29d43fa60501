using Metrics.Model;

namespace Metrics.Routing;

/// <summary>Somebody is to be notified of a group of alerts.</summary>
/// <param name="Group">The group.</param>
/// <param name="Receiver">Receiver of the group's route.</param>
/// <param name="Integration">Who gets it.</param>
/// <param name="Alerts">Open alerts, and those that are over and not reported yet.</param>
public sealed record Notification(GroupKey Group, string Receiver, Integration Integration, IReadOnlyList<RoutedAlert> Alerts)
{
    /// <summary>
    /// The alerts that the integration knows as open from the notification before; none when this one repeats it, so that the trace of an
    /// alert that is open for long does not end with the history's age.
    /// </summary>
    public IReadOnlySet<AlertId> Known { get; init; } = NotificationLogEntry.None.Open;

    /// <summary>The digest that it went into, since there were too many; null when it is a message of its own.</summary>
    public DigestId? Digest { get; init; }

    /// <summary>Whether all that it is about comes and goes.</summary>
    public bool IsOfFlapping => Alerts.Any(a => a.IsFlapping) && Alerts.All(a => a.IsFlapping || a.IsOver);
}

/// <summary>What tells digests apart.</summary>
/// <param name="Integration">Who gets it.</param>
/// <param name="Start">When its storm began.</param>
public readonly record struct DigestId(IntegrationId Integration, Timestamp Start);

/// <summary>How many alerts of a kind a digest is about.</summary>
/// <param name="AlertName">Their label <c>alertname</c>.</param>
/// <param name="IsOver">Whether they are over.</param>
/// <param name="Alerts">How many.</param>
public readonly record struct DigestCount(string AlertName, bool IsOver, int Alerts);

/// <summary>Many messages that became one; it grows until it is sent.</summary>
/// <param name="Id">What tells it apart.</param>
/// <param name="Receiver">Receiver of the route of its first message.</param>
/// <param name="SendAt">When it may be sent; until then it may still grow.</param>
/// <param name="Within">How long the storm was watched.</param>
/// <param name="Messages">How many messages it stands for.</param>
/// <param name="Shown">Its worst alerts; of those that are alike the first.</param>
/// <param name="Counts">All its alerts by kind, the most frequent first.</param>
public sealed record Digest(
    DigestId Id, string Receiver, Timestamp SendAt, TimeSpan Within, int Messages, IReadOnlyList<RoutedAlert> Shown,
    IReadOnlyList<DigestCount> Counts)
{
    /// <summary>How many alerts it is about.</summary>
    public int Alerts => Counts.Sum(c => c.Alerts);
}
