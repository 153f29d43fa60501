using Metrics.Configuration;
using Metrics.Model;
using Metrics.Query.Engine;
using Metrics.Routing;
using Metrics.Rules;
using Metrics.Rules.Conditions;
using Metrics.Series;

namespace Metrics.Alerting;

/// <summary>
/// Runs rules over stored samples as if time went by, up to the messages each person would have got: by the same rules and the same
/// <see cref="Dispatcher"/> as the daemon. Silences and acknowledgements are people's doing and are left out.
/// </summary>
internal sealed class Replay(IReadOnlyList<RuleGroup> rules, NotificationOptions notifications, Head samples, TimeProvider time)
{
    private readonly Dictionary<(string Rule, string Severity), ReplayedRule> _rules = [];
    private readonly Dictionary<AlertKey, (ReplayedRule Rule, Timestamp Since)> _firing = [];
    private readonly Dispatcher _dispatcher = new(notifications.Plan);
    private readonly Dictionary<RuleId, AlertRuleState> _inForce = [];
    private ReplayLog _log = null!;

    /// <summary>Runs the rules.</summary>
    /// <param name="from">First moment, milliseconds since 1970 UTC.</param>
    /// <param name="to">Last moment.</param>
    /// <param name="environment">Calendars and inventories.</param>
    /// <param name="progress">Called with the moment from time to time.</param>
    /// <param name="events">Events of that time, and of the windows before it; null when there are none to be had.</param>
    public ReplayResult Run(long from, long to, IRuleEnvironment environment, Action<long> progress, EventFeed? events = null)
    {
        var engine = new QueryEngine();
        List<GroupRunner> groups = [.. rules.Select(r => new GroupRunner(r, time) { NextDue = from })];
        var arriving = new SampleFeed(groups, samples, from, to);
        Use(groups, from, hasEvents: events is not null);
        while (groups.MinBy(g => g.NextDue) is { } next)
        {
            // As live: what comes in is judged then, and everything at the interval.
            long at = Math.Min(next.NextDue, Math.Max(Math.Min(events?.Next ?? long.MaxValue, arriving.Next), from));
            if (at > to)
                break;
            var round = new RuleRound(samples, at, from, notifications.ExternalUrl) { Environment = environment };
            GroupRunner? due = at == next.NextDue ? next : null;
            IEnumerable<(GroupRunner Group, RuleMask Woken)> arrived = [.. events?.HandTo(groups, at) ?? [], .. arriving.TakeUntil(at)];
            foreach (IGrouping<GroupRunner, RuleMask> woken in arrived.Where(a => a.Group != due).GroupBy(a => a.Group, a => a.Woken))
                Evaluate(woken.Key, round, engine, RuleMask.Of(woken));
            if (due is null)
                continue;
            due.NextDue = due.BeatAfter(at);
            Evaluate(due, round, engine, chosen: null);
            progress(at);
        }
        Flush(new Timestamp(to));
        foreach ((ReplayedRule rule, Timestamp since) in _firing.Values)
            rule.AddFiring(new Timestamp(to) - since);
        return new ReplayResult([.. _rules.Values], _log.Messages, _log.Muted);
    }

    private void Evaluate(GroupRunner group, RuleRound round, QueryEngine engine, RuleMask? chosen)
    {
        Flush(new Timestamp(round.At));
        using var output = new SampleBatch("replay");
        foreach ((AlertRuleState rule, AlertChange change) in group.Evaluate(round, s => new LocalQueries(engine, s), output, time, chosen))
            Note(group.IdOf(rule.Rule), Of(rule.Rule), change);
        foreach (AlertRuleState rule in group.Alerting.Where(r => r.Error is not null))
            Of(rule.Rule).Error = rule.Error;
        if (output.Count > 0)
            samples.Append(output, round.At);
    }

    private void Use(List<GroupRunner> groups, long from, bool hasEvents)
    {
        _inForce.Clear();
        _log = new ReplayLog(notifications, rule => _inForce.GetValueOrDefault(rule)?.Rule.Condition);
        foreach ((GroupRunner group, AlertRuleState rule) in groups.SelectMany(g => g.Alerting.Select(r => (g, r))))
        {
            _inForce.TryAdd(group.IdOf(rule.Rule), rule);
            ReplayedRule replayed = Of(rule.Rule);
            if (!hasEvents && rule.Rule.Condition is EventCondition)
                replayed.Error = "there are no events to replay";
        }
        _dispatcher.Use(_inForce, new Timestamp(from));
    }

    private void Note(RuleId id, ReplayedRule rule, AlertChange change)
    {
        var key = new AlertKey(id, change.Alert.Series);
        if (change.Alert.State is AlertState.Firing && !change.Before.IsOpen)
        {
            rule.Fired++;
            _firing[key] = (rule, change.At);
        }
        else if (change.Alert.State is AlertState.NoData)
        {
            rule.NoData++;
        }
        else if (change.Alert.State is AlertState.Inactive)
        {
            if (_firing.Remove(key, out (ReplayedRule Rule, Timestamp Since) fired))
                rule.AddFiring(change.At - fired.Since);
            else
                rule.OnlyPending++;
        }
        _dispatcher.Take(new RoutedAlert(id, change.Alert, change.Before, change.At));
    }

    /// <summary>What was due up to a moment, each group at its own time.</summary>
    private void Flush(Timestamp until)
    {
        while (_dispatcher.NextDue is var due && due <= until)
            _log.Take(_dispatcher.Collect(due), due);
    }

    private ReplayedRule Of(AlertRule rule)
    {
        string severity = rule.Ladder?.Severity ?? rule.Labels.FirstOrDefault(l => l.Key == "severity").Value?.Text ?? "";
        if (!_rules.TryGetValue((rule.Name, severity), out ReplayedRule? replayed))
            _rules.Add((rule.Name, severity), replayed = new ReplayedRule(rule.Name, severity));
        return replayed;
    }
}
