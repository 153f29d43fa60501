using Metrics.Model;

namespace Metrics.Routing;

/// <summary>What is remembered of a group of alerts over a restart; its open alerts are remembered by their rules.</summary>
/// <param name="Key">Which group.</param>
/// <param name="NextFlush">When it is looked at next.</param>
/// <param name="Log">What each integration was notified of last.</param>
/// <param name="Over">Alerts that have ended and nobody was notified of that yet, or that are held open as flapping.</param>
public sealed record GroupState(
    GroupKey Key, Timestamp NextFlush, IReadOnlyDictionary<IntegrationId, NotificationLogEntry> Log, IReadOnlyList<RoutedAlert> Over);
