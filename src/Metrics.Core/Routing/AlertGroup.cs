using Metrics.Model;
using Metrics.Rules;

namespace Metrics.Routing;

/// <summary>What one integration of a receiver was told last of a group.</summary>
/// <param name="At">When, milliseconds since 1970 UTC.</param>
/// <param name="Open">The alerts that it knows as open, by <see cref="RoutedAlert.Id"/>.</param>
/// <param name="Marked">Of these the ones that it knows to have no data, or to flap.</param>
public sealed record Told(long At, IReadOnlySet<UInt128> Open, IReadOnlySet<UInt128> Marked)
{
    /// <summary>Nothing yet.</summary>
    public static readonly Told Nothing = new(0, new HashSet<UInt128>(), new HashSet<UInt128>());
}

/// <summary>One way of a receiver to reach somebody.</summary>
/// <param name="Key">As <c>ops/email/0</c>.</param>
/// <param name="SendResolved">Whether it is told of the end of alerts.</param>
/// <param name="After">For how long an alert must fire unacknowledged before it is told; zero is at once.</param>
public sealed record Integration(string Key, bool SendResolved, TimeSpan After = default);

/// <summary>A message to be sent.</summary>
/// <param name="Group">What it is about.</param>
/// <param name="Integration">Who gets it.</param>
/// <param name="Alerts">Open alerts, and those that are over and not told yet.</param>
public sealed record Notice(AlertGroup Group, Integration Integration, IReadOnlyList<RoutedAlert> Alerts);

/// <summary>Alerts that go into one message: same route, same values of its group labels.</summary>
/// <param name="route">The route.</param>
/// <param name="labels">The group's labels.</param>
public sealed class AlertGroup(Route route, Labels labels)
{
    private readonly Dictionary<AlertKey, RoutedAlert> _alerts = [];
    private Dictionary<string, Told> _told = [];
    private long _nextFlush;

    /// <summary>The route.</summary>
    public Route Route => route;

    /// <summary>The labels that all its alerts have.</summary>
    public Labels Labels => labels;

    /// <summary>Tells groups apart, also after a restart.</summary>
    public string Key { get; } = $"{route.Id}:{labels}";

    /// <summary>When it is looked at next, milliseconds since 1970 UTC.</summary>
    public long NextFlush
    {
        get => _nextFlush;
        set => (_nextFlush, IsChanged) = (value, true);
    }

    /// <summary>Whether there is something new to be remembered over a restart: when it is due, what was said, what is over. Open alerts are remembered elsewhere.</summary>
    public bool IsChanged { get; set; } = true;

    /// <summary>Its alerts: open ones, and those that ended since the last look.</summary>
    public IReadOnlyCollection<RoutedAlert> Alerts => _alerts.Values;

    /// <summary>What each integration was told last.</summary>
    public IReadOnlyDictionary<string, Told> Told => _told;

    /// <summary>Whether nothing is left to say or to remember.</summary>
    public bool IsEmpty => _alerts.Count == 0;

    /// <summary>Whether the last look passed over alerts that are mute: they are to be told of when they no longer are.</summary>
    public bool HasMuted { get; private set; }

    /// <summary>Whether it was given up: alerts that come later make a new one.</summary>
    public bool IsGone { get; internal set; }

    /// <summary>Takes an alert, or what has become of it.</summary>
    public void Take(RoutedAlert alert)
    {
        IsChanged |= alert.Alert.State is AlertState.Inactive || (_alerts.TryGetValue(alert.Key, out RoutedAlert? known) && known.Alert.State is AlertState.Inactive);
        _alerts[alert.Key] = alert;
    }

    /// <summary>Lets go of an alert, which belongs elsewhere now.</summary>
    public void Drop(AlertKey key) => IsChanged |= _alerts.Remove(key);

    /// <summary>Puts back what was remembered over a restart.</summary>
    public void Restore(IReadOnlyDictionary<string, Told> told) => _told = new Dictionary<string, Told>(told);

    /// <summary>When an alert may have waited long enough for a step of escalation; <see cref="long.MaxValue"/> when none will.</summary>
    public long NextEscalation(long now)
    {
        long next = long.MaxValue;
        foreach (RoutedAlert alert in route.Escalation.Count == 0 ? [] : _alerts.Values.Where(a => !a.IsOver))
        {
            foreach (EscalationStep step in route.Escalation)
            {
                long at = alert.FiredAt + (long)step.After.TotalMilliseconds;
                if (at > now)
                    next = Math.Min(next, at);
            }
        }
        return next;
    }

    /// <summary>Looks at the group: what is to be said now. What is over is forgotten afterwards.</summary>
    /// <param name="now">Milliseconds since 1970 UTC.</param>
    /// <param name="integrations">Of the route's receiver, and of its steps of escalation.</param>
    /// <param name="isMuted">Alerts of which nobody is told now.</param>
    /// <param name="isSilent">Whether the whole route is mute now.</param>
    /// <param name="isAcknowledged">Alerts that somebody is at: they are neither repeated nor escalated.</param>
    public List<Notice> Flush(long now, IReadOnlyList<Integration> integrations, Func<RoutedAlert, bool> isMuted, bool isSilent, Func<RoutedAlert, bool>? isAcknowledged = null)
    {
        var notices = new List<Notice>();
        HasMuted = isSilent;
        if (!isSilent)
        {
            List<RoutedAlert> heard = [.. _alerts.Values.Where(a => !isMuted(a))];
            HasMuted = heard.Count < _alerts.Count;
            foreach (Integration integration in integrations)
            {
                Told before = _told.GetValueOrDefault(integration.Key, Routing.Told.Nothing);
                List<RoutedAlert> open = [.. heard.Where(a => !a.IsOver && (integration.After == TimeSpan.Zero || before.Open.Contains(a.Id) || HasWaited(a, integration.After)))];
                List<RoutedAlert> over = [.. heard.Where(a => a.IsOver && before.Open.Contains(a.Id))];
                if (!IsNews(before, open, over, integration))
                    continue;
                IsChanged = true;
                _told[integration.Key] = new Told(now, open.Select(a => a.Id).ToHashSet(), open.Where(a => a.IsMarked).Select(a => a.Id).ToHashSet());
                List<RoutedAlert> said = integration.SendResolved ? [.. open, .. over] : open;
                if (said.Count > 0)
                    notices.Add(new Notice(this, integration, said));
            }
        }
        foreach (RoutedAlert over in _alerts.Values.Where(a => a.IsOver).ToList())
        {
            IsChanged = true;
            _alerts.Remove(over.Key);
        }
        return notices;

        bool HasWaited(RoutedAlert alert, TimeSpan after) => now - alert.FiredAt >= after.TotalMilliseconds && isAcknowledged?.Invoke(alert) != true;

        bool IsNews(Told before, List<RoutedAlert> open, List<RoutedAlert> over, Integration integration) =>
            open.Exists(a => !before.Open.Contains(a.Id) || (a.IsMarked && !before.Marked.Contains(a.Id)))
            || (over.Count > 0 && (integration.SendResolved || open.Count == 0))
            || (open.Count > 0 && now - before.At >= route.RepeatInterval.TotalMilliseconds && (isAcknowledged is null || !open.TrueForAll(a => isAcknowledged(a))));
    }
}
