using Metrics.Configuration;
using Metrics.Model;
using Metrics.Routing;
using Metrics.Rules;
using Metrics.Storage;
using Metrics.Storage.State;
using Microsoft.EntityFrameworkCore;

namespace Metrics.Alerting;

/// <summary>
/// What must survive: open alerts and expected series are put back at the start, and every change is committed in one transaction with the
/// messages that tell of it. Used by the rule engine's thread only.
/// </summary>
internal sealed class AlertPersistence(Current<NotificationOptions> options, StateStore state, AlertRouter router, Silences silences, Acknowledgements acks, ActiveRules inForce, AlertInbox inbox, HistoryWriter trail, Outbox outbox)
{
    /// <summary>Expected series are written when they are new, and then only this often: precision is worth less than quiet disks.</summary>
    private const long ExpectedStepMilliseconds = 60_000;

    private const long LearnedStepMilliseconds = 300_000;
    private const long MostTrailRows = 2_000_000;
    private static readonly TimeSpan s_trailKept = TimeSpan.FromDays(30);
    private static readonly TimeSpan s_auditKept = TimeSpan.FromDays(365);

    /// <summary>By rule: the last time of an expected series that is written down.</summary>
    private readonly Dictionary<string, Dictionary<Labels, long>> _expected = [];

    private bool _isOpen;
    private long _nextTidying;
    private long _nextLearnedSave;

    /// <summary>When somebody is to be told something next, milliseconds since 1970 UTC.</summary>
    public long NextDue => Math.Min(router.NextDue, inForce.Sent.NextDue);

    /// <summary>Puts back what was remembered of these groups' rules; open alerts of rules that are no longer there end.</summary>
    public void Restore(IReadOnlyList<GroupRunner> groups, long at)
    {
        if (!_isOpen)
        {
            silences.Load();
            acks.Load();
        }
        var kept = state.Read(db => (
            Alerts: db.Alerts.AsNoTracking().ToLookup(a => a.Rule),
            Learned: db.Learned.AsNoTracking().ToLookup(l => l.Rule),
            Expected: db.Expected.AsNoTracking().ToLookup(e => e.Rule),
            Groups: db.Groups.AsNoTracking().ToList(),
            Flaps: db.Flaps.AsNoTracking().ToList()));
        state.Write(writer =>
        {
            if (!_isOpen)
            {
                router.Restore(kept.Groups, kept.Flaps, writer, at);
                // Their senders have as long as they would have had, from now on.
                foreach (AlertRow row in kept.Alerts.Where(r => ExternalAlerts.IsKey(r.Key)).SelectMany(r => r))
                    inForce.Sent.Restore(AlertJson.Read(row.Series, row.Alert), at + (long)options.Value.ResolveTimeout.TotalMilliseconds);
                _isOpen = true;
            }
            Use(groups, kept.Alerts, kept.Learned, kept.Expected, writer, at);
        });
        Flush(at);
        outbox.Wake();
    }

    private void Use(
        IReadOnlyList<GroupRunner> groups, ILookup<string, AlertRow> alerts, ILookup<string, LearnedRow> learned, ILookup<string, ExpectedRow> expected, StateWriter writer, long at)
    {
        _expected.Clear();
        var rules = new Dictionary<string, AlertRuleState>();
        foreach (GroupRunner group in groups)
        {
            foreach (AlertRuleState rule in group.Alerting)
            {
                string key = group.KeyOf(rule.Rule);
                List<ExpectedSeries> series = [.. expected[key].Select(e => new ExpectedSeries(LabelsJson.Read(e.Series), e.LastSeen))];
                rule.Restore(alerts[key].Select(a => AlertJson.Read(a.Series, a.Alert)), series);
                foreach (LearnedRow model in learned[key])
                    rule.RestoreLearned(LabelsJson.Read(model.Series), Convert.FromBase64String(model.Model));
                _expected[key] = series.ToDictionary(e => e.Series, e => e.LastSeen);
                rules.TryAdd(key, rule);
            }
        }
        foreach (AlertRow row in alerts.Where(r => !rules.ContainsKey(r.Key) && !ExternalAlerts.IsKey(r.Key)).SelectMany(r => r))
        {
            AlertInstance alert = AlertJson.Read(row.Series, row.Alert);
            router.Take(row.Rule, new AlertChange(alert, alert.State, at));
            router.Take(row.Rule, new AlertChange(alert with { State = new AlertState.Inactive(EndReason.Retired) }, alert.State, at));
            writer.DeleteAlert(row.Rule, row.Series);
        }
        inForce.All = rules;
        router.Use(rules, inForce.Sent.All, at);
    }

    /// <summary>Takes what others have sent, and ends what they no longer send.</summary>
    public void TakeSent(long at)
    {
        List<AlertInbox.AlertBatch> parcels = inbox.TakeAll();
        // What only tells the same in other words is told when something is told, and not written.
        List<AlertChange> changes = [.. parcels.SelectMany(p => p.Alerts).Select(a => inForce.Sent.Take(a, at)).OfType<AlertChange>(), .. inForce.Sent.Expire(at)];
        foreach (AlertChange change in changes)
            router.Take(ExternalAlerts.KeyOf(change.Alert.Labels), change);
        List<AlertChange> steps = changes.FindAll(c => c.Before.Name != c.Alert.State.Name);
        if (steps.Count > 0)
        {
            Commit(at, writer => steps.ForEach(s => Save(writer, ExternalAlerts.KeyOf(s.Alert.Labels), SentText(s), s)));
            inForce.NoteChange();
        }
        parcels.ForEach(p => p.Done.SetResult());
    }

    private static string SentText(AlertChange change) => change.Alert.State switch
    {
        AlertState.Inactive { Reason: EndReason.Expired } => "its sender was not heard of again in time",
        AlertState.Inactive => "its sender says that it is over",
        _ => "sent by others",
    };

    /// <summary>Commits what an evaluation changed, and the messages that are due.</summary>
    public void Note(GroupRunner group, List<(AlertRuleState Rule, AlertChange Change)> changes, long at)
    {
        foreach ((AlertRuleState rule, AlertChange change) in changes)
            router.Take(group.KeyOf(rule.Rule), change);
        List<(string Rule, ExpectedSeries Series)> seen = [.. NewlySeen(group)];
        List<(string Rule, Labels Series)> forgotten = [.. Forgotten(group)];
        if (changes.Count == 0 && seen.Count == 0 && forgotten.Count == 0 && !router.IsDue(at))
            return;
        Commit(at, writer =>
        {
            foreach ((AlertRuleState rule, AlertChange change) in changes)
                Save(writer, group.KeyOf(rule.Rule), StepText.Of(rule.Rule, change), change);
            foreach ((string rule, ExpectedSeries series) in seen)
                SaveExpected(writer, rule, series);
            foreach ((string rule, Labels series) in forgotten)
                Forget(writer, rule, series);
        });
        if (changes.Count > 0)
            inForce.NoteChange();
    }

    /// <summary>Commits the messages that are due by the clock.</summary>
    public void Flush(long at)
    {
        if (at >= _nextTidying)
            Tidy(at);
        if (at >= _nextLearnedSave)
            SaveLearned(at);
        if (!router.IsDue(at))
            return;
        trail.IsBusy = true;
        try
        {
            while (router.IsDue(at))
                Commit(at, _ => { });
        }
        finally
        {
            trail.IsBusy = false;
        }
    }

    /// <summary>What was learned is written now and then: a crash costs some minutes of weeks.</summary>
    private void SaveLearned(long at)
    {
        _nextLearnedSave = at + LearnedStepMilliseconds;
        List<(string Rule, Labels Series, byte[] Model)> changed = [.. inForce.All.Where(r => r.Value.Rule.Learned is not null).SelectMany(r => r.Value.TakeLearned().Select(l => (r.Key, l.Series, l.Model)))];
        if (changed.Count == 0)
            return;
        state.Write(writer => changed.ForEach(l => writer.SaveLearned(l.Rule, LabelsJson.Write(l.Series), Convert.ToBase64String(l.Model))));
    }

    /// <summary>Trails are kept for a month, and within a bound that no flood of alerts passes.</summary>
    private void Tidy(long at)
    {
        _nextTidying = at + (long)TimeSpan.FromHours(1).TotalMilliseconds;
        state.Write(writer =>
        {
            writer.DeleteTrail(at - (long)s_trailKept.TotalMilliseconds, MostTrailRows);
            writer.DeleteAudit(at - (long)s_auditKept.TotalMilliseconds);
        });
    }

    private void Commit(long at, Action<StateWriter> more)
    {
        int messages = 0;
        state.Write(writer =>
        {
            more(writer);
            messages = router.Flush(writer, at);
        });
        if (messages > 0)
            outbox.Wake();
    }

    private void Save(StateWriter to, string key, string text, AlertChange change)
    {
        AlertInstance alert = change.Alert;
        string series = LabelsJson.Write(alert.Series);
        if (alert.State is AlertState.Inactive)
            to.DeleteAlert(key, series);
        else
            to.SaveAlert(key, series, AlertJson.Write(alert));
        var alertKey = new AlertKey(key, alert.Series);
        (UInt128 id, string way, string? groups) = router.TakeRoutingNote(alertKey);
        trail.Add(new TrailRow { At = change.At, Subject = Acknowledgements.WriteId(id), What = StepName(alert.State), Text = way.Length > 0 ? $"{text}; {way}" : text, Ref = key, Members = series, Groups = groups });
    }

    private static string StepName(AlertState state) => state is AlertState.Inactive ended ? ended.Reason switch { EndReason.Expired => "expired", EndReason.Retired => "retired", EndReason.Resolved => "resolved", _ => "cleared" } : state.Name;

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

    private void SaveExpected(StateWriter to, string rule, ExpectedSeries series)
    {
        to.SaveExpected(rule, LabelsJson.Write(series.Series), series.LastSeen);
        Of(_expected, rule)[series.Series] = series.LastSeen;
    }

    private void Forget(StateWriter to, string rule, Labels series)
    {
        Of(_expected, rule).Remove(series);
        to.DeleteExpected(rule, LabelsJson.Write(series));
    }

    private static Dictionary<Labels, long> Of(Dictionary<string, Dictionary<Labels, long>> byRule, string rule)
    {
        if (!byRule.TryGetValue(rule, out Dictionary<Labels, long>? series))
            byRule.Add(rule, series = []);
        return series;
    }
}
