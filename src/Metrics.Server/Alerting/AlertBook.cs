using Metrics.Configuration;
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
    private readonly Dictionary<(string Rule, string Series), long> _notifiedAt = [];
    private readonly Dictionary<(string Rule, string Series), long> _expected = [];

    /// <summary>Expected series are written when they are new, and then only this often: precision is worth less than quiet disks.</summary>
    private const long ExpectedStepMilliseconds = 60_000;

    /// <summary>Puts back what was remembered of these groups' rules.</summary>
    public void Restore(IReadOnlyList<GroupRunner> groups)
    {
        using StateDb db = state.Open();
        ILookup<string, AlertRow> alerts = db.Alerts.AsNoTracking().ToLookup(a => a.Rule);
        ILookup<string, ExpectedRow> expected = db.Expected.AsNoTracking().ToLookup(e => e.Rule);
        foreach (GroupRunner group in groups)
        {
            foreach (AlertRuleState rule in group.Rules)
            {
                string key = group.KeyOf(rule.Rule);
                rule.Restore(
                    alerts[key].Select(a => AlertJson.Read(a.Series, a.Alert)),
                    expected[key].Select(e => new ExpectedSeries(LabelsJson.Read(e.Series), e.LastSeen)));
                foreach (AlertRow alert in alerts[key])
                    _notifiedAt[(key, alert.Series)] = alert.NotifiedAt;
                foreach (ExpectedRow row in expected[key])
                    _expected[(key, row.Series)] = row.LastSeen;
            }
        }
    }

    /// <summary>Commits what an evaluation changed, and the messages about it.</summary>
    public void Note(GroupRunner group, List<(AlertRuleState Rule, AlertChange Change)> changes, long at)
    {
        List<(AlertRuleState Rule, AlertInstance Alert)> repeats = [.. Repeats(group, at)];
        List<(string Rule, ExpectedSeries Series)> seen = [.. NewlySeen(group)];
        if (changes.Count == 0 && repeats.Count == 0 && seen.Count == 0)
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
        ForgetExpected(db, group);
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
        foreach (AlertRuleState rule in group.Rules)
        {
            foreach (AlertInstance alert in rule.Alerts.Where(a => a.State.IsOpen))
            {
                if (_notifiedAt.TryGetValue((group.KeyOf(rule.Rule), LabelsJson.Write(alert.Series)), out long told) && told > 0 && at - told >= interval)
                    yield return (rule, alert);
            }
        }
    }

    private void Save(StateDb db, string key, AlertInstance alert, long? notifiedAt)
    {
        string series = LabelsJson.Write(alert.Series);
        AlertRow? row = db.Alerts.Find(key, series);
        if (alert.State is AlertState.Inactive)
        {
            _notifiedAt.Remove((key, series));
            if (row is not null)
                db.Alerts.Remove(row);
            return;
        }
        if (row is null)
            db.Alerts.Add(row = new AlertRow { Rule = key, Series = series, Alert = "" });
        row.Alert = AlertJson.Write(alert);
        row.NotifiedAt = notifiedAt ?? row.NotifiedAt;
        _notifiedAt[(key, series)] = row.NotifiedAt;
    }

    private IEnumerable<(string, ExpectedSeries)> NewlySeen(GroupRunner group)
    {
        foreach (AlertRuleState rule in group.Rules.Where(r => r.Rule.AbsentFor is not null))
        {
            string key = group.KeyOf(rule.Rule);
            foreach (ExpectedSeries series in rule.Expected)
            {
                if (!_expected.TryGetValue((key, LabelsJson.Write(series.Series)), out long saved) || series.LastSeen - saved >= ExpectedStepMilliseconds)
                    yield return (key, series);
            }
        }
    }

    private void SaveExpected(StateDb db, string rule, ExpectedSeries series)
    {
        string labels = LabelsJson.Write(series.Series);
        ExpectedRow? row = db.Expected.Find(rule, labels);
        if (row is null)
            db.Expected.Add(row = new ExpectedRow { Rule = rule, Series = labels });
        row.LastSeen = series.LastSeen;
        _expected[(rule, labels)] = series.LastSeen;
    }

    private void ForgetExpected(StateDb db, GroupRunner group)
    {
        foreach (AlertRuleState rule in group.Rules.Where(r => r.Rule.AbsentFor is not null))
        {
            string key = group.KeyOf(rule.Rule);
            var expected = rule.Expected.Select(e => LabelsJson.Write(e.Series)).ToHashSet();
            foreach ((string Rule, string Series) gone in _expected.Keys.Where(k => k.Rule == key && !expected.Contains(k.Series)).ToList())
            {
                _expected.Remove(gone);
                if (db.Expected.Find(gone.Rule, gone.Series) is { } row)
                    db.Expected.Remove(row);
            }
        }
    }
}
