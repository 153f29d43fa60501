using Metrics.Configuration;
using Metrics.Model;
using Metrics.Rules;
using Metrics.Storage;
using Metrics.Storage.State;
using Microsoft.EntityFrameworkCore;

namespace Metrics.Alerting;

/// <summary>
/// What must survive: open alerts and expected series are put back at the start, and every change is committed in one transaction with the
/// messages that tell of it. Used by the rule engine's thread only.
/// </summary>
internal sealed class AlertBook(StateStore state, Outbox outbox, CurrentOptions options)
{
    /// <summary>Expected series are written when they are new, and then only this often: precision is worth less than quiet disks.</summary>
    private const long ExpectedStepMilliseconds = 60_000;

    /// <summary>By rule: when somebody was last told of an alert, 0 for never.</summary>
    private readonly Dictionary<string, Dictionary<Labels, long>> _notifiedAt = [];

    /// <summary>By rule: the last time of an expected series that is written down.</summary>
    private readonly Dictionary<string, Dictionary<Labels, long>> _expected = [];

    /// <summary>Puts back what was remembered of these groups' rules, and forgets about all others.</summary>
    public void Restore(IReadOnlyList<GroupRunner> groups)
    {
        using StateDb db = state.Open();
        ILookup<string, AlertRow> alerts = db.Alerts.AsNoTracking().ToLookup(a => a.Rule);
        ILookup<string, ExpectedRow> expected = db.Expected.AsNoTracking().ToLookup(e => e.Rule);
        _notifiedAt.Clear();
        _expected.Clear();
        foreach (GroupRunner group in groups)
        {
            foreach (AlertRuleState rule in group.Alerting)
            {
                string key = group.KeyOf(rule.Rule);
                List<(AlertInstance Alert, long Told)> open = [.. alerts[key].Select(a => (AlertJson.Read(a.Series, a.Alert), a.NotifiedAt))];
                List<ExpectedSeries> series = [.. expected[key].Select(e => new ExpectedSeries(LabelsJson.Read(e.Series), e.LastSeen))];
                rule.Restore(open.Select(o => o.Alert), series);
                _notifiedAt[key] = open.ToDictionary(o => o.Alert.Series, o => o.Told);
                _expected[key] = series.ToDictionary(e => e.Series, e => e.LastSeen);
            }
        }
    }

    /// <summary>Commits what an evaluation changed, and the messages about it.</summary>
    public void Note(GroupRunner group, List<(AlertRuleState Rule, AlertChange Change)> changes, long at)
    {
        List<(AlertRuleState Rule, AlertInstance Alert)> repeats = [.. Repeats(group, at)];
        List<(string Rule, ExpectedSeries Series)> seen = [.. NewlySeen(group)];
        List<(string Rule, Labels Series)> forgotten = [.. Forgotten(group)];
        if (changes.Count == 0 && repeats.Count == 0 && seen.Count == 0 && forgotten.Count == 0)
            return;
        using StateDb db = state.Open();
        using var transaction = db.Database.BeginTransaction();
        foreach ((AlertRuleState rule, AlertChange change) in changes)
        {
            string key = group.KeyOf(rule.Rule);
            bool told = Tells(change) && options.Value.Notifications.Active is not null;
            Save(db, key, change.Alert, told ? at : null);
        }
        foreach ((AlertRuleState rule, AlertInstance alert) in repeats)
            Save(db, group.KeyOf(rule.Rule), alert, at);
        foreach ((string rule, ExpectedSeries series) in seen)
            SaveExpected(db, rule, series);
        foreach ((string rule, Labels series) in forgotten)
            Forget(db, rule, series);
        foreach (IGrouping<AlertRuleState, (AlertRuleState Rule, AlertChange Change)> rule in changes.GroupBy(c => c.Rule))
            outbox.Add(db, rule.Key.Rule.Name, [.. rule.Where(c => Tells(c.Change)).Select(c => c.Change)], at);
        foreach (IGrouping<AlertRuleState, (AlertRuleState Rule, AlertInstance Alert)> rule in repeats.GroupBy(r => r.Rule))
            outbox.Add(db, rule.Key.Rule.Name, [.. rule.Select(r => new AlertChange(r.Alert, r.Alert.State, at))], at);
        db.SaveChanges();
        transaction.Commit();
        outbox.Wake();
    }

    /// <summary>Whether people are told of a step: it fires, loses its data while firing, or is over after having fired.</summary>
    private static bool Tells(AlertChange change) => (change.Before, change.Alert.State) switch
    {
        (AlertState.NoData { Before: AlertState.Firing }, AlertState.Firing) => false,
        (_, AlertState.Firing) => true,
        (AlertState.Firing, AlertState.NoData) => true,
        (_, AlertState.Inactive) => change.Before.IsOpen,
        _ => false,
    };

    private IEnumerable<(AlertRuleState, AlertInstance)> Repeats(GroupRunner group, long at)
    {
        if (options.Value.Notifications.Active is null)
            yield break;
        double interval = options.Value.Notifications.RepeatInterval.TotalMilliseconds;
        foreach (AlertRuleState rule in group.Alerting.Where(r => r.Alerts.Count > 0))
        {
            if (!_notifiedAt.TryGetValue(group.KeyOf(rule.Rule), out Dictionary<Labels, long>? notified))
                continue;
            foreach (AlertInstance alert in rule.Alerts.Where(a => a.State.IsOpen))
            {
                if (notified.TryGetValue(alert.Series, out long told) && told > 0 && at - told >= interval)
                    yield return (rule, alert);
            }
        }
    }

    private void Save(StateDb db, string key, AlertInstance alert, long? notifiedAt)
    {
        string series = LabelsJson.Write(alert.Series);
        AlertRow? row = db.Alerts.Find(key, series);
        Dictionary<Labels, long> notified = Of(_notifiedAt, key);
        if (alert.State is AlertState.Inactive)
        {
            notified.Remove(alert.Series);
            if (row is not null)
                db.Alerts.Remove(row);
            return;
        }
        if (row is null)
            db.Alerts.Add(row = new AlertRow { Rule = key, Series = series, Alert = "" });
        row.Alert = AlertJson.Write(alert);
        row.NotifiedAt = notifiedAt ?? row.NotifiedAt;
        notified[alert.Series] = row.NotifiedAt;
    }

    private IEnumerable<(string, ExpectedSeries)> NewlySeen(GroupRunner group)
    {
        foreach (AlertRuleState rule in group.Alerting.Where(r => r.Rule.AbsentFor is not null))
        {
            string key = group.KeyOf(rule.Rule);
            Dictionary<Labels, long> written = Of(_expected, key);
            foreach (ExpectedSeries series in rule.Expected)
            {
                if (!written.TryGetValue(series.Series, out long saved) || series.LastSeen - saved >= ExpectedStepMilliseconds)
                    yield return (key, series);
            }
        }
    }

    private IEnumerable<(string, Labels)> Forgotten(GroupRunner group)
    {
        foreach (AlertRuleState rule in group.Alerting.Where(r => r.Rule.AbsentFor is not null))
        {
            string key = group.KeyOf(rule.Rule);
            Dictionary<Labels, long> written = Of(_expected, key);
            var expected = rule.Expected.Select(e => e.Series).ToHashSet();
            foreach (Labels series in written.Keys.Where(s => !expected.Contains(s)))
                yield return (key, series);
        }
    }

    private void SaveExpected(StateDb db, string rule, ExpectedSeries series)
    {
        string labels = LabelsJson.Write(series.Series);
        ExpectedRow? row = db.Expected.Find(rule, labels);
        if (row is null)
            db.Expected.Add(row = new ExpectedRow { Rule = rule, Series = labels });
        row.LastSeen = series.LastSeen;
        Of(_expected, rule)[series.Series] = series.LastSeen;
    }

    private void Forget(StateDb db, string rule, Labels series)
    {
        Of(_expected, rule).Remove(series);
        if (db.Expected.Find(rule, LabelsJson.Write(series)) is { } row)
            db.Expected.Remove(row);
    }

    private static Dictionary<Labels, long> Of(Dictionary<string, Dictionary<Labels, long>> byRule, string rule)
    {
        if (!byRule.TryGetValue(rule, out Dictionary<Labels, long>? series))
            byRule.Add(rule, series = []);
        return series;
    }
}
