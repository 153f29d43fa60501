using Metrics.Configuration;
using Metrics.Formats;
using Metrics.Model;
using Metrics.Routing;
using Metrics.Rules;
using Metrics.Rules.Conditions;
using Metrics.Storage;
using Metrics.Storage.State;
using Microsoft.EntityFrameworkCore;

namespace Metrics.Alerting;

/// <summary>
/// What must survive: open alerts and expected series are put back at the start, and every change is committed in one transaction with the
/// messages about it. Who is notified is the <see cref="Dispatcher"/>'s verdict. Used by one thread, the one that writes alerts.
/// </summary>
internal sealed class AlertPersistence(
    Current<NotificationOptions> options, StateStore state, DispatchCommitter committer, RuleMemory memory, Silences silences,
    Acknowledgements acks, SignedLinks links, ActiveRules rules, ActiveAlerts alerts, ExternalAlerts external, AlertInbox inbox,
    HistoryWriter history, Outbox outbox, AlertMetrics metrics)
{
    private const long MaxHistoryRows = 2_000_000;
    private static readonly TimeSpan s_historyKept = TimeSpan.FromDays(30);
    /// <summary>Groups are looked at within this after a start, wherever the clock was before.</summary>
    private static readonly TimeSpan s_firstLook = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan s_auditKept = TimeSpan.FromDays(365);

    private NotificationOptions _options = options.Value;
    private Dispatcher _dispatcher = new(DispatchPlan.None);
    private bool _isOpen;
    private Timestamp _nextTidying;

    /// <summary>A step of an alert with its line of the history.</summary>
    private readonly record struct NotedStep(RoutedAlert Step, string Text, AlertPlacement? Placement);

    /// <summary>When somebody is to be notified of something next.</summary>
    public Timestamp NextDue => Timestamp.Min(_dispatcher.NextDue, external.NextDue);

    /// <summary>
    /// Puts back what was remembered of these groups' rules, but for those that are at work already; open alerts of rules that are no
    /// longer there end.
    /// </summary>
    public void Restore(IReadOnlyList<GroupRunner> groups, Timestamp at)
    {
        var kept = state.Read(db => (
            Alerts: db.Alerts.AsNoTracking().ToLookup(a => a.Rule),
            Learned: db.Learned.AsNoTracking().ToLookup(l => l.Rule),
            Expected: db.Expected.AsNoTracking().ToLookup(e => e.Rule)));
        if (!_isOpen)
            Open(kept.Alerts, at);
        var known = new Dictionary<RuleId, AlertRuleState>();
        foreach ((RuleId id, AlertRuleState rule) in groups.SelectMany(g => g.Alerting.Select(r => (g.IdOf(r.Rule), r))))
        {
            known.TryAdd(id, rule);
            AlertRuleState? before = rules.All.GetValueOrDefault(id);
            if (ReferenceEquals(before, rule))
                continue;
            string key = id.ToString();
            rule.Restore(state.Decode(kept.Alerts[key], a => Read(a, at)));
            // What is written down of a rule that has become another says nothing to it.
            bool goesOn = before?.RemembersLike(rule) != false;
            if (rule.Memory is LearnedMemory learned)
                state.Decode(kept.Learned[key], row => LearnedText.Restore(row, rule, learned, goesOn));
            memory.Restore(id, rule, state.Decode(kept.Expected[key], e => (Seen(e, at), e.Digest)), goesOn);
        }
        memory.Forget(known.Keys);
        List<NotedStep> retired = [.. Retire(kept.Alerts, known, at)];
        rules.All = known;
        _dispatcher.Use(known, at);
        foreach (ActiveAlert alert in external.All)
            _dispatcher.Take(alert.ToRouted(at));
        Commit(at, writer => retired.ForEach(s => Save(writer, s)));
        Flush(at);
        outbox.Wake();
        if (retired.Count > 0)
            alerts.NoteChange();
    }

    /// <summary>
    /// Takes what rounds of rules changed and what others have sent, ends what they no longer send, and commits all of it at once, with the
    /// messages that are due.
    /// </summary>
    public void Take(IReadOnlyList<GroupEvaluation> rounds, Timestamp at)
    {
        List<AlertInbox.AlertBatch> batches = inbox.TakeAll();
        try
        {
            Write([.. rounds.SelectMany(NoteAll), .. NoteAll(batches, at)], [.. ChangesOf(rounds)], at);
        }
        catch (Exception e)
        {
            batches.ForEach(b => b.Done.TrySetException(e));
            throw;
        }
        batches.ForEach(b => b.Done.SetResult());
    }

    /// <summary>Commits the messages that are due by the clock.</summary>
    public void Flush(Timestamp at)
    {
        if (at >= _nextTidying)
            Tidy(at);
        memory.SaveLearned(rules.All, at);
        if (!IsDue(at))
            return;
        history.IsBusy = true;
        try
        {
            while (IsDue(at))
                Commit(at, _ => { });
        }
        finally
        {
            history.IsBusy = false;
        }
    }

    private void Open(ILookup<string, AlertRow> kept, Timestamp at)
    {
        silences.Load();
        acks.Load();
        links.Load();
        committer.Load();
        _options = options.Value;
        _dispatcher = new Dispatcher(_options.Plan);
        (List<GroupState> groups, List<FlapRecord> flaps) = state.Read(db => (
            state.Decode(db.Groups.AsNoTracking().ToList(), GroupJson.Read),
            state.Decode(db.Flaps.AsNoTracking().ToList(), FlapText.Read)));
        _dispatcher.Restore(groups.Select(g => g with { NextFlush = Timestamp.Min(g.NextFlush, at + s_firstLook) }), flaps);
        // Their senders have as long as they would have had, from now on.
        List<AlertRow> ofOthers = [.. Decode(kept).Where(r => r.Rule.IsOfOthers).Select(r => r.Row)];
        foreach (AlertInstance alert in state.Decode(ofOthers, r => AlertJson.Read(r.Series, r.Alert)))
            external.Restore(alert, at + _options.ResolveTimeout);
        state.Rebuilt += SaveOpen;
        _isOpen = true;
    }

    /// <summary>What was before a restart was not after it: the clock may have been set back meanwhile.</summary>
    private static AlertInstance Read(AlertRow row, Timestamp at)
    {
        AlertInstance alert = AlertJson.Read(row.Series, row.Alert);
        return alert with { State = alert.State.NoLaterThan(at.Milliseconds) };
    }

    /// <inheritdoc cref="Read" />
    private static ExpectedSeries Seen(ExpectedRow row, Timestamp at) =>
        new(LabelsJson.Read(row.Series), Math.Min(row.LastSeen, at.Milliseconds));

    /// <summary>Ends the alerts of rules that are no longer there.</summary>
    private IEnumerable<NotedStep> Retire(ILookup<string, AlertRow> kept, Dictionary<RuleId, AlertRuleState> known, Timestamp at)
    {
        List<(RuleId Rule, AlertRow Row)> over = [.. Decode(kept).Where(r => !known.ContainsKey(r.Rule) && !r.Rule.IsOfOthers)];
        foreach ((RuleId id, AlertInstance alert) in state.Decode(over, r => (r.Rule, AlertJson.Read(r.Row.Series, r.Row.Alert))))
        {
            _dispatcher.Take(new RoutedAlert(id, alert, alert.State, at));
            var end = new AlertState.Inactive(EndReason.Retired);
            yield return Note(id, new AlertChange(alert with { State = end }, alert.State, at), StepText.Retired);
        }
    }

    private List<(RuleId Rule, AlertRow Row)> Decode(ILookup<string, AlertRow> kept) =>
        state.Decode(kept.SelectMany(r => r), r => (RuleId.Parse(r.Rule), r));

    /// <summary>What is not yet written of them is written after this, and holds.</summary>
    private void SaveOpen() => state.Write(writer =>
    {
        foreach (ActiveAlert active in alerts.All)
        {
            string series = LabelsJson.Write(active.Alert.Series);
            writer.Save(new AlertRow { Rule = active.Rule.ToString(), Series = series, Alert = AlertJson.Write(active.Alert) });
        }
    });

    /// <summary>History is kept for a month, and each table of it within a bound that no flood of alerts passes.</summary>
    private void Tidy(Timestamp at)
    {
        _nextTidying = at + TimeSpan.FromHours(1);
        state.Write(writer => writer.Run(db =>
        {
            db.TrimHistory((at - s_historyKept).Milliseconds, MaxHistoryRows);
            db.TrimAudit((at - s_auditKept).Milliseconds, MaxHistoryRows);
        }));
    }

    private IEnumerable<RuleMemory.ExpectedChange> ChangesOf(IReadOnlyList<GroupEvaluation> rounds) =>
        rounds.Select(r => r.Group).Distinct().SelectMany(memory.ChangesOf);

    private void Write(List<NotedStep> steps, List<RuleMemory.ExpectedChange> expected, Timestamp at)
    {
        if (steps.Count > 0 || expected.Count > 0)
        {
            Commit(at, writer =>
            {
                steps.ForEach(s => Save(writer, s));
                memory.Write(writer, expected);
            });
        }
        if (steps.Count > 0)
            alerts.NoteChange();
    }

    private bool IsDue(Timestamp at) => _dispatcher.IsDue(at) || !ReferenceEquals(_options, options.Value);

    private IEnumerable<NotedStep> NoteAll(GroupEvaluation round) =>
        round.Changes.Select(c => Note(round.Group.IdOf(c.Rule.Rule), c.Change, StepText.Of(c.Rule.Rule, c.Change)));

    private IEnumerable<NotedStep> NoteAll(List<AlertInbox.AlertBatch> batches, Timestamp at)
    {
        List<AlertChange> changes =
            [.. batches.SelectMany(b => b.Alerts).Select(a => external.Take(a, at)).OfType<AlertChange>(), .. external.Expire(at)];
        foreach (AlertChange change in changes)
        {
            NotedStep step = Note(ExternalAlerts.IdOf(change.Alert.Labels), change, ExternalAlerts.Describe(change));
            // What only says the same in other words is sent when something is sent, and not written.
            if (change.Before.Name != change.Alert.State.Name)
                yield return step;
        }
    }

    private NotedStep Note(RuleId rule, AlertChange change, string text)
    {
        var step = new RoutedAlert(rule, change.Alert, change.Before, change.At);
        return new NotedStep(step, text, _dispatcher.Take(step));
    }

    private void Commit(Timestamp at, Action<StateWriter> more)
    {
        if (!ReferenceEquals(_options, options.Value))
            _dispatcher.Use((_options = options.Value).Plan, at);
        _dispatcher.Use(silences.All);
        _dispatcher.Use(acks.All);
        Dispatch dispatch = _dispatcher.Collect(at);
        int queued = 0;
        try
        {
            state.Write(writer =>
            {
                more(writer);
                committer.Write(writer, dispatch, _options, at);
                queued = committer.Queued;
            });
        }
        finally
        {
            outbox.NoteQueued(queued);
        }
        metrics.Groups.Set(_dispatcher.GroupCount);
    }

    private void Save(StateWriter to, NotedStep noted)
    {
        AlertInstance alert = noted.Step.Alert;
        (string rule, string series) = (noted.Step.Rule.ToString(), LabelsJson.Write(alert.Series));
        if (alert.State is AlertState.Inactive)
            to.Delete<AlertRow>(rule, series);
        else
            to.Save(new AlertRow { Rule = rule, Series = series, Alert = AlertJson.Write(alert) });
        history.Add(HistoryRows.Of(noted.Step, noted.Text, noted.Placement));
    }
}
