using Metrics.Model;
using Metrics.Rules;

namespace Metrics.Routing;

/// <summary>
/// From verdicts to notifications: alerts go into the groups of their routes; when a group is due, those who are to be notified of it come
/// out, with all that is to be remembered of it. It does nothing itself: it takes steps, knows the time only as an argument, and gives back
/// values, so that the daemon, which commits them, and a replay, which counts them, cannot differ. Not for use by two threads at once.
/// </summary>
public sealed class Dispatcher
{
    /// <summary>
    /// Alerts that a round looks at, a whole group more at most: those who come first need not wait for those who come last.
    /// </summary>
    private const int AlertsAtOnce = 500;

    private readonly JudgedAlerts _judged = new();
    private readonly SeverityPrecedence _severities = new();
    private readonly NotificationThrottle _throttle = new();
    private readonly HashSet<AlertGroup> _changed = [];
    private readonly HashSet<AlertKey> _flapped = [];
    private readonly List<AlertId> _ended = [];
    private readonly Dictionary<AlertId, string> _mutedBy = [];
    private List<HistoryLine> _history = [];
    private IReadOnlyDictionary<AlertId, Acknowledgement> _acknowledged = new Dictionary<AlertId, Acknowledgement>();
    private AlertGroups _groups;
    private FlapDetector _flaps;
    private Suppression _suppression;
    private bool _isRerouted;

    /// <param name="plan">Where alerts go, and who is there to be notified.</param>
    public Dispatcher(DispatchPlan plan) => (Plan, _groups, _flaps, _suppression) = Make(plan);

    /// <summary>Where alerts go, and who is there to be notified.</summary>
    public DispatchPlan Plan { get; private set; }

    /// <summary>When something is due next; <see cref="Timestamp.Never"/> when nothing is.</summary>
    public Timestamp NextDue => Timestamp.Min(_groups.NextDue, _flaps.NextDue);

    /// <summary>How many groups there are.</summary>
    public int GroupCount => _groups.All.Count;

    /// <summary>Whether a round would come to anything: something is due, or is to be remembered.</summary>
    public bool IsDue(Timestamp now) => _changed.Count > 0 || _isRerouted || NextDue <= now;

    /// <summary>Puts back what was remembered over a restart; open alerts follow with their rules.</summary>
    public void Restore(IEnumerable<GroupState> groups, IEnumerable<FlapRecord> flaps)
    {
        var held = new Dictionary<AlertKey, RoutedAlert>();
        foreach (GroupState group in groups)
        {
            foreach (RoutedAlert alert in group.Over.Where(a => a.IsFlapping))
                held[alert.Key] = alert;
            _groups.Restore(group);
        }
        foreach (FlapRecord record in flaps)
            _flaps.Restore(record, held.GetValueOrDefault(record.Alert));
    }

    /// <summary>
    /// Says which rules are in force, and takes their open alerts: messages say what was judged last, not what began an alert.
    /// </summary>
    public void Use(IReadOnlyDictionary<RuleId, AlertRuleState> rules, Timestamp now)
    {
        _judged.Use(rules);
        foreach ((RuleId id, AlertRuleState rule) in rules)
        {
            foreach (AlertInstance alert in rule.Alerts.Where(a => a.State.IsOpen))
                Take(new RoutedAlert(id, alert, alert.State, now));
        }
    }

    /// <summary>Says which silences there are.</summary>
    public void Use(IReadOnlyList<Silence> silences) => _suppression.Silences = silences;

    /// <summary>Says who is at which alert.</summary>
    public void Use(IReadOnlyDictionary<AlertId, Acknowledgement> acknowledged) => _acknowledged = acknowledged;

    /// <summary>Goes by another plan from now on: what was sent about a group stays known where its route is still there.</summary>
    public void Use(DispatchPlan plan, Timestamp now)
    {
        List<GroupState> groups = [.. _groups.All.Select(g => g.ToState())];
        List<RoutedAlert> alerts = [.. _groups.All.SelectMany(g => g.Alerts).DistinctBy(a => a.Key)];
        FlapDetector flaps = _flaps;
        IReadOnlyList<Silence> silences = _suppression.Silences;
        (Plan, _groups, _flaps, _suppression) = Make(plan);
        _suppression.Silences = silences;
        _changed.Clear();
        _isRerouted = true;
        _flaps.TakeOverFrom(flaps);
        groups.ForEach(_groups.Restore);
        foreach (RoutedAlert alert in alerts.Where(a => a.Alert.State is not AlertState.Inactive))
            EnterUnasked(alert, now);
        _changed.UnionWith(_groups.All);
    }

    /// <summary>Takes a step of an alert, at the step's own time.</summary>
    /// <returns>Where it goes, when it has come by this step; null when it was there already, or does not fire.</returns>
    public AlertPlacement? Take(RoutedAlert step)
    {
        if (!step.Alert.State.IsOpen && !step.Before.IsOpen)
            return null;
        // Copies keep it, and it is asked for again when a message is written.
        _ = step.Id;
        RoutedAlert alert = _flaps.Take(step);
        _flapped.Add(alert.Key);
        return Enter(alert, step.At);
    }

    /// <summary>Asks what is due, up to a bound: what is due still comes with the next call.</summary>
    /// <param name="now">The moment.</param>
    public Dispatch Collect(Timestamp now)
    {
        foreach (RoutedAlert calm in _flaps.TakeQuiet(now).ToList())
        {
            long since = calm.At.Milliseconds;
            EnterUnasked(calm with { Before = calm.Before.IsOpen ? calm.Before : new AlertState.Firing(since, since) }, now);
        }
        var notifications = new List<Notification>();
        int alerts = 0;
        while (alerts < AlertsAtOnce && _groups.TakeDue(now) is { } group)
        {
            alerts += group.Alerts.Count;
            Flush(group, now, notifications);
            _groups.PutBack(group, now);
            _changed.Add(group);
        }
        var dispatch = new Dispatch
        {
            Notifications = notifications,
            Digests = [.. _throttle.TakeGrown()],
            History = _history,
            ForgetsGroups = _isRerouted,
            Groups = [.. _changed.Where(g => !g.IsGone).Select(g => g.ToState())],
            GoneGroups = [.. _changed.Where(g => g.IsGone).Select(g => g.Key)],
            Flaps = [.. _flapped.Select(_flaps.Find).OfType<FlapRecord>()],
            GoneFlaps = _flaps.TakeGone(),
            Ended = [.. _ended],
        };
        Forget();
        return dispatch;
    }

    private static (DispatchPlan, AlertGroups, FlapDetector, Suppression) Make(DispatchPlan plan) =>
        (plan, new AlertGroups(plan.Tree), new FlapDetector(plan.Routing.Flapping), new Suppression(plan.Routing));

    private void Forget()
    {
        foreach (AlertGroup group in _changed)
            group.IsChanged = false;
        _changed.Clear();
        _flapped.Clear();
        _ended.Clear();
        (_history, _isRerouted) = ([], false);
    }

    private void Flush(AlertGroup group, Timestamp now, List<Notification> notifications)
    {
        Refresh(group);
        SuppressionReason? silent = _suppression.Reason(group.Route, now);
        IReadOnlyList<Integration> integrations = Plan.IntegrationsOf(group.Route, group.Labels);
        foreach (Notification notification in group.Flush(now, integrations, a => IsMuted(a, now), silent is not null, IsAcknowledged))
            notifications.Add(notification with { Digest = _throttle.Take(notification, Plan.Routing.Storm, now) });
        foreach (RoutedAlert mute in silent is null ? [] : group.Alerts)
            NoteMute(mute, silent, now);
    }

    /// <summary>An alert that comes without a step that somebody writes down.</summary>
    private void EnterUnasked(RoutedAlert alert, Timestamp now)
    {
        if (Enter(alert, now) is { } placement)
            _history.Add(new HistoryLine.Grouped(now, alert.Id, placement));
    }

    private AlertPlacement? Enter(RoutedAlert alert, Timestamp now)
    {
        _severities.Note(_judged.SeverityOf(alert.Rule), alert.Alert.Series, alert.Alert.State.IsOpen);
        // By the labels that it came with: they may follow its value.
        if (_groups.LabelsOf(alert.Key) is { } before && (alert.IsOver || !before.Equals(alert.Alert.Labels)))
            _suppression.Inhibitor.Remove(before);
        if (alert.IsOver)
        {
            _mutedBy.Remove(alert.Id);
            _ended.Add(alert.Id);
        }
        else
        {
            _suppression.Inhibitor.Add(alert.Alert.Labels);
        }
        bool isNew = _groups.Of(alert.Key).Count == 0;
        IReadOnlyList<AlertGroup> groups = _groups.Take(alert, now);
        foreach (AlertGroup group in groups)
        {
            if (group.IsChanged)
                _changed.Add(group);
        }
        return isNew && groups.Count > 0 ? AlertPlacement.Of(groups) : null;
    }

    /// <summary>Messages say the value that was judged last, not the one that began the alert.</summary>
    private void Refresh(AlertGroup group)
    {
        foreach (RoutedAlert alert in group.Alerts.Where(a => !a.IsOver).ToList())
        {
            if (_judged.Find(alert.Rule, alert.Alert.Series) is { State.IsOpen: true } now && !ReferenceEquals(now, alert.Alert))
                group.Take(alert with { Alert = now });
        }
    }

    private bool IsAcknowledged(RoutedAlert alert) =>
        _acknowledged.Count > 0 && _acknowledged.TryGetValue(alert.Id, out Acknowledgement? found) && found.HoldsFor(alert);

    private bool IsMuted(RoutedAlert alert, Timestamp now)
    {
        SuppressionReason? reason = _suppression.Reason(alert.Alert.Labels, now);
        if (reason is null && _severities.Above(_judged.SeverityOf(alert.Rule), alert.Alert.Series) is { } higher)
            reason = new SuppressionReason.HigherSeverity(higher);
        NoteMute(alert, reason, now);
        return reason is not null;
    }

    /// <summary>History says when an open alert became mute and when it no longer was, not each time somebody looked.</summary>
    private void NoteMute(RoutedAlert alert, SuppressionReason? reason, Timestamp now)
    {
        string? text = reason?.ToString();
        if (alert.IsOver || _mutedBy.GetValueOrDefault(alert.Id) == text)
            return;
        if (reason is null)
            _mutedBy.Remove(alert.Id);
        else
            _mutedBy[alert.Id] = text!;
        _history.Add(reason is null ? new HistoryLine.Heard(now, alert.Id) : new HistoryLine.Muted(now, alert.Id, reason));
    }
}
