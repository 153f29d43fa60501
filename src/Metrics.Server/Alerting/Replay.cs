using Metrics.Configuration;
using Metrics.Model;
using Metrics.Query.Engine;
using Metrics.Routing;
using Metrics.Rules;
using Metrics.Rules.Conditions;
using Metrics.Series;

namespace Metrics.Alerting;

/// <summary>What one rule would have done.</summary>
/// <param name="Name">Name of the rule.</param>
/// <param name="Severity">Label <c>severity</c> of its alerts; empty without.</param>
internal sealed record ReplayedRule(string Name, string Severity)
{
    /// <summary>How often an alert of it fired.</summary>
    public int Fired { get; set; }

    /// <summary>How often one was pending and ended before it fired.</summary>
    public int OnlyPending { get; set; }

    /// <summary>How often one was left without data.</summary>
    public int NoData { get; set; }

    /// <summary>Together, over all alerts.</summary>
    public TimeSpan Firing { get; set; }

    /// <summary>The longest of them.</summary>
    public TimeSpan Longest { get; set; }

    /// <summary>What was wrong with it last, or null.</summary>
    public string? Error { get; set; }
}

/// <summary>What would have happened.</summary>
/// <param name="Rules">By rule, in the order of the files.</param>
/// <param name="Messages">Messages by integration, such as <c>ops/email/0</c>.</param>
/// <param name="Muted">Times that an alert was passed over when a message was due, by the reason's first words.</param>
internal sealed record ReplayResult(IReadOnlyList<ReplayedRule> Rules, IReadOnlyDictionary<string, int> Messages, IReadOnlyDictionary<string, int> Muted);

/// <summary>
/// Runs rules over stored samples as if time went by: for, hold, no data, flapping, grouping, inhibition and mute times, up to the messages each person
/// would have got. Silences and acknowledgements are people's doing and are left out.
/// </summary>
internal sealed class Replay(IReadOnlyList<RuleGroup> rules, NotificationOptions notifications, Head samples, TimeProvider time)
{
    private readonly Dictionary<(string Rule, string Severity), ReplayedRule> _rules = [];
    private readonly Dictionary<AlertKey, long> _firingSince = [];
    private readonly Dictionary<string, int> _messages = [];
    private readonly Dictionary<string, int> _muted = [];
    private readonly AlertGroups _groups = new(notifications.Tree);
    private readonly FlapDetector _flaps = new(notifications.Routing.Flapping);
    private readonly Suppression _muting = new(null, notifications.Routing);
    private readonly SeverityPrecedence _ladder = new();
    private readonly Dictionary<string, AlertRule> _byKey = [];

    /// <summary>Runs the rules.</summary>
    /// <param name="from">First moment, milliseconds since 1970 UTC.</param>
    /// <param name="to">Last moment.</param>
    /// <param name="surroundings">Calendars and inventories.</param>
    /// <param name="progress">Told of the moment from time to time.</param>
    /// <param name="events">Events of that time, and of the windows before it; null when there are none to be had.</param>
    public ReplayResult Run(long from, long to, IRuleEnvironment surroundings, Action<long> progress, EventFeed? events = null)
    {
        var engine = new QueryEngine();
        List<GroupRunner> groups = [.. rules.Select(r => new GroupRunner(r, time) { NextDue = from })];
        foreach ((GroupRunner group, AlertRuleState rule) in groups.SelectMany(g => g.Alerting.Select(r => (g, r))))
        {
            _byKey[group.KeyOf(rule.Rule)] = rule.Rule;
            if (events is null && rule.Rule.Condition is EventCount)
                Of(rule.Rule).Error = "there are no events to replay";
            Of(rule.Rule);
        }
        while (groups.MinBy(g => g.NextDue) is { } next && next.NextDue <= to)
        {
            // As live: events are judged when they come in, all else at the interval.
            long arrival = events?.Next ?? long.MaxValue, at = Math.Min(next.NextDue, Math.Max(arrival, from));
            List<GroupRunner> due = events is null ? [] : Take(events, at, groups);
            if (at == next.NextDue)
            {
                next.NextDue += (long)next.Group.Interval.TotalMilliseconds;
                due = [.. due.Where(g => g != next), next];
                progress(at);
            }
            due.ForEach(g => Evaluate(g, at));
        }
        Flush(to);
        foreach ((AlertKey key, long since) in _firingSince)
            AddDuration(Of(_byKey[key.Rule]), to - since);
        return new ReplayResult([.. _rules.Values], _messages, _muted);

        void Evaluate(GroupRunner group, long at)
        {
            Flush(at);
            var round = new RuleRound(samples, at, from, notifications.ExternalUrl) { Environment = surroundings };
            using var output = new SampleBatch("replay");
            foreach ((AlertRuleState rule, AlertChange change) in group.Evaluate(round, s => new LocalQueries(engine, s), output, time))
                Note(group.KeyOf(rule.Rule), rule.Rule, change);
            foreach (AlertRuleState rule in group.Alerting.Where(r => r.Error is not null))
                Of(rule.Rule).Error = rule.Error;
            if (output.Count > 0)
                samples.Append(output, at);
        }
    }

    private static List<GroupRunner> Take(EventFeed events, long at, List<GroupRunner> groups)
    {
        using EventBatch? batch = events.TakeUntil(at);
        return batch is null ? [] : groups.FindAll(g => g.Take(batch));
    }

    private void Note(string key, AlertRule rule, AlertChange change)
    {
        ReplayedRule told = Of(rule);
        var alertKey = new AlertKey(key, change.Alert.Series);
        if (change.Alert.State is AlertState.Firing && !change.Before.IsOpen)
        {
            told.Fired++;
            _firingSince[alertKey] = change.At;
        }
        else if (change.Alert.State is AlertState.NoData)
        {
            told.NoData++;
        }
        else if (change.Alert.State is AlertState.Inactive)
        {
            if (_firingSince.Remove(alertKey, out long since))
                AddDuration(told, change.At - since);
            else
                told.OnlyPending++;
        }
        if (!change.Alert.State.IsOpen && !change.Before.IsOpen)
            return;
        Enter(_flaps.Take(new RoutedAlert(key, change.Alert, change.Before, change.At)), change.At);
    }

    private void Enter(RoutedAlert alert, long now)
    {
        _ladder.Note(_byKey[alert.Rule], alert.Alert.Series, alert.Alert.State.IsOpen);
        if (alert.IsOver)
            _muting.Inhibitor.Remove(alert.Alert.Labels);
        else
            _muting.Inhibitor.Add(alert.Alert.Labels);
        _groups.Take(alert, now);
    }

    /// <summary>What was due up to a moment, each group at its own time.</summary>
    private void Flush(long until)
    {
        while (Math.Min(_groups.NextDue, _flaps.NextDue) is var due && due <= until)
        {
            foreach (RoutedAlert calm in _flaps.TakeQuiet(due).ToList())
                Enter(calm, due);
            while (_groups.TakeDue(due) is { } group)
            {
                List<Integration> integrations =
                [
                    .. notifications.NotifiersOf(group.Route.Receiver).Select(n => new Integration(n.Key, n.Notifier.SendResolved)),
                    .. group.Route.Escalation.SelectMany(s => notifications.NotifiersOf(s.Receiver).Select(n => new Integration(n.Key, n.Notifier.SendResolved, s.After))),
                ];
                string? silent = _muting.Reason(group.Route, due);
                foreach (Notice notice in group.Flush(due, integrations, a => IsMuted(a, due), silent is not null))
                    _messages[notice.Integration.Key] = _messages.GetValueOrDefault(notice.Integration.Key) + 1;
                if (silent is not null)
                    _muted["the route is mute"] = _muted.GetValueOrDefault("the route is mute") + 1;
                _groups.PutBack(group, due);
            }
        }
    }

    private bool IsMuted(RoutedAlert alert, long now)
    {
        string? reason = _ladder.Above(_byKey[alert.Rule], alert.Alert.Series) is not null ? "a higher severity" : _muting.Reason(alert.Alert.Labels, now);
        if (reason is null)
            return false;
        string kind = reason.StartsWith("inhibited", StringComparison.Ordinal) ? "inhibited by another alert" : reason.StartsWith("in the maintenance", StringComparison.Ordinal) ? reason[..reason.IndexOf(" until", StringComparison.Ordinal)] : reason;
        _muted[kind] = _muted.GetValueOrDefault(kind) + 1;
        return true;
    }

    private ReplayedRule Of(AlertRule rule)
    {
        string severity = rule.Ladder?.Severity ?? rule.Labels.FirstOrDefault(l => l.Key == "severity").Value?.Text ?? "";
        if (!_rules.TryGetValue((rule.Name, severity), out ReplayedRule? replayed))
            _rules.Add((rule.Name, severity), replayed = new ReplayedRule(rule.Name, severity));
        return replayed;
    }

    private static void AddDuration(ReplayedRule rule, long milliseconds)
    {
        TimeSpan span = TimeSpan.FromMilliseconds(milliseconds);
        rule.Firing += span;
        rule.Longest = span > rule.Longest ? span : rule.Longest;
    }
}
