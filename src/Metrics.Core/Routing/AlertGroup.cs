using Metrics.Model;
using Metrics.Rules;

namespace Metrics.Routing;

/// <summary>Alerts that go into one message: same route, same values of its group labels.</summary>
/// <param name="route">The route.</param>
/// <param name="key">Tells groups apart, also after a restart.</param>
public sealed class AlertGroup(Route route, GroupKey key)
{
    private static readonly IReadOnlyDictionary<IntegrationId, NotificationLogEntry> s_nobody =
        new Dictionary<IntegrationId, NotificationLogEntry>();

    private readonly Dictionary<AlertKey, RoutedAlert> _alerts = [];
    private IReadOnlyDictionary<IntegrationId, NotificationLogEntry> _log = s_nobody;
    private Timestamp _nextFlush;

    /// <summary>The route.</summary>
    public Route Route => route;

    /// <summary>The labels that all its alerts have.</summary>
    public Labels Labels => key.Labels;

    /// <summary>Tells groups apart, also after a restart.</summary>
    public GroupKey Key => key;

    /// <summary>When it is looked at next.</summary>
    public Timestamp NextFlush
    {
        get => _nextFlush;
        set => (_nextFlush, IsChanged) = (value, true);
    }

    /// <summary>
    /// Whether there is something new to be remembered over a restart: when it is due, what was sent, what is over. Open alerts are
    /// remembered elsewhere.
    /// </summary>
    public bool IsChanged { get; set; } = true;

    /// <summary>Its alerts: open ones, and those that ended since the last look.</summary>
    public IReadOnlyCollection<RoutedAlert> Alerts => _alerts.Values;

    /// <summary>What each integration was notified of last; a snapshot that is never changed.</summary>
    public IReadOnlyDictionary<IntegrationId, NotificationLogEntry> Log => _log;

    /// <summary>Whether nothing is left to report or to remember.</summary>
    public bool IsEmpty => _alerts.Count == 0;

    /// <summary>Whether the last look passed over alerts that are mute: they are to be reported when they no longer are.</summary>
    public bool HasMuted { get; private set; }

    /// <summary>What was over and forgotten at the last look.</summary>
    public IReadOnlyList<AlertKey> Told { get; private set; } = [];

    /// <summary>Whether it was given up: alerts that come later make a new one.</summary>
    public bool IsGone { get; internal set; }

    /// <summary>What is to be remembered of it.</summary>
    public GroupState ToState() => new(Key, NextFlush, Log, [.. _alerts.Values.Where(a => a.Alert.State is AlertState.Inactive)]);

    /// <summary>Takes an alert, or what has become of it.</summary>
    public void Take(RoutedAlert alert)
    {
        IsChanged |= alert.Alert.State is AlertState.Inactive
            || (_alerts.TryGetValue(alert.Key, out RoutedAlert? known) && known.Alert.State is AlertState.Inactive);
        _alerts[alert.Key] = alert;
    }

    /// <summary>Lets go of an alert, which belongs elsewhere now.</summary>
    public void Drop(AlertKey key) => IsChanged |= _alerts.Remove(key);

    /// <summary>Puts back what was remembered over a restart.</summary>
    public void Restore(IReadOnlyDictionary<IntegrationId, NotificationLogEntry> log) => _log = log;

    /// <summary>When an alert may have waited long enough for a step of escalation; <see cref="Timestamp.Never"/> when none will.</summary>
    public Timestamp NextEscalation(Timestamp now)
    {
        Timestamp next = Timestamp.Never;
        foreach (RoutedAlert alert in route.Escalation.Count == 0 ? [] : _alerts.Values.Where(a => !a.IsOver))
        {
            foreach (EscalationStep step in route.Escalation)
            {
                Timestamp at = alert.FiredAt + step.After;
                if (at > now)
                    next = Timestamp.Min(next, at);
            }
        }
        return next;
    }

    /// <summary>
    /// Looks at the group: who is to be notified of what now. What is over is forgotten afterwards, unless it is mute and somebody was told
    /// that it fires.
    /// </summary>
    /// <param name="now">The moment.</param>
    /// <param name="integrations">Of the route's receiver, and of its steps of escalation.</param>
    /// <param name="isMuted">Alerts of which nobody is notified now.</param>
    /// <param name="isSilent">Whether the whole route is mute now.</param>
    /// <param name="isAcknowledged">Alerts that somebody is at: they are neither repeated nor escalated.</param>
    public List<Notification> Flush(
        Timestamp now, IReadOnlyList<Integration> integrations, Func<RoutedAlert, bool> isMuted, bool isSilent,
        Func<RoutedAlert, bool>? isAcknowledged = null)
    {
        var notifications = new List<Notification>();
        HasMuted = isSilent;
        if (!isSilent)
        {
            List<RoutedAlert> heard = [.. _alerts.Values.Where(a => !isMuted(a))];
            HasMuted = heard.Count < _alerts.Count;
            foreach (Integration integration in integrations)
            {
                if (Notify(integration, heard, now, isAcknowledged) is { } notification)
                    notifications.Add(notification);
            }
        }
        Told = [.. _alerts.Values.Where(a => a.IsOver && !IsOwed(a)).Select(a => a.Key)];
        IsChanged |= Told.Count > 0;
        foreach (AlertKey over in Told)
            _alerts.Remove(over);
        return notifications;

        // Who was told that it fires, such as a pager, must hear that it is over, once it is no longer mute.
        bool IsOwed(RoutedAlert alert) => (isSilent || isMuted(alert))
            && integrations.Any(i => i.SendResolved && _log.GetValueOrDefault(i.Id, NotificationLogEntry.None).Open.Contains(alert.Id));
    }

    private Notification? Notify(Integration integration, List<RoutedAlert> heard, Timestamp now, Func<RoutedAlert, bool>? isAcknowledged)
    {
        NotificationLogEntry before = _log.GetValueOrDefault(integration.Id, NotificationLogEntry.None);
        bool isAtOnce = integration.After == TimeSpan.Zero;
        List<RoutedAlert> open = [.. heard.Where(a => !a.IsOver && (isAtOnce || before.Open.Contains(a.Id) || HasWaited(a)))];
        List<RoutedAlert> over = [.. heard.Where(a => a.IsOver && before.Open.Contains(a.Id))];
        if (!IsNews())
            return null;
        IsChanged = true;
        HashSet<AlertId> mute = [.. _alerts.Values.Except(heard).Select(a => a.Id)];
        _log = new Dictionary<IntegrationId, NotificationLogEntry>(_log)
        {
            [integration.Id] = new(now, Told(_ => true, before.Open), Told(a => a.IsMarked, before.Marked))
            {
                Flapping = Told(a => a.IsFlapping, before.Flapping),
            },
        };
        List<RoutedAlert> reported = integration.SendResolved ? [.. open, .. over] : open;
        if (reported.Count == 0)
            return null;
        IReadOnlySet<AlertId> known = now - before.At >= route.RepeatInterval ? NotificationLogEntry.None.Open : before.Open;
        return new Notification(Key, route.Receiver, integration, reported) { Known = known };

        // Of what is mute now it still knows what it was told before.
        HashSet<AlertId> Told(Func<RoutedAlert, bool> isSo, IReadOnlySet<AlertId> known) =>
            [.. open.Where(isSo).Select(a => a.Id), .. known.Where(mute.Contains)];

        bool HasWaited(RoutedAlert alert) =>
            now - alert.FiredAt >= integration.After && isAcknowledged?.Invoke(alert) != true;

        bool IsNews() =>
            open.Exists(a => !before.Open.Contains(a.Id) || (a.IsMarked && !before.Marked.Contains(a.Id)))
            || open.Exists(a => !a.IsMarked && before.Flapping.Contains(a.Id))
            || (over.Count > 0 && (integration.SendResolved || open.Count == 0))
            || (open.Count > 0 && now - before.At >= route.RepeatInterval
                && (isAcknowledged is null || !open.TrueForAll(a => isAcknowledged(a))));
    }
}
