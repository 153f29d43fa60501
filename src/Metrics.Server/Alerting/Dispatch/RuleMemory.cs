using Metrics.Formats;
using Metrics.Model;
using Metrics.Rules;
using Metrics.Rules.Conditions;
using Metrics.Storage;
using Metrics.Storage.State;

namespace Metrics.Alerting;

/// <summary>
/// What rules must know after a restart beside their alerts: series that they expect, and what they have learned. Used by one thread.
/// </summary>
internal sealed class RuleMemory(StateStore state)
{
    /// <summary>
    /// Expected series are written when they are new, and then only this often: precision is worth less than quiet disks.
    /// </summary>
    private const long ExpectedStepMilliseconds = 60_000;

    private static readonly TimeSpan s_learnedStep = TimeSpan.FromMinutes(5);

    /// <summary>By rule: the last time of an expected series that is written down.</summary>
    private readonly Dictionary<RuleId, Dictionary<Labels, long>> _expected = [];

    private Timestamp _nextLearnedSave;

    /// <summary>A change of what a rule expects.</summary>
    /// <param name="Rule">The rule.</param>
    /// <param name="Series">Labels of the series.</param>
    /// <param name="LastSeen">Time of its newest sample, milliseconds since 1970 UTC; null when it is no longer expected.</param>
    /// <param name="Digest">By what it is expected.</param>
    internal readonly record struct ExpectedChange(RuleId Rule, Labels Series, long? LastSeen, string Digest);

    /// <summary>Puts back what is written down of a rule, and notes that it is.</summary>
    /// <param name="id">What the rule is known by.</param>
    /// <param name="rule">The rule.</param>
    /// <param name="written">The series, and by what each was expected; null of those from before that was written.</param>
    /// <param name="goesOn">Whether those without are of the rule as it is now.</param>
    public void Restore(RuleId id, AlertRuleState rule, List<(ExpectedSeries Series, string? Digest)> written, bool goesOn)
    {
        if (rule.Memory is AbsenceMemory absence)
            absence.Restore(written.Where(w => w.Digest is null ? goesOn : w.Digest == rule.MemoryDigest).Select(w => w.Series));
        // What is not written as of this expression is written again or goes, with the first round.
        _expected[id] = written.ToDictionary(w => w.Series.Series, w => w.Digest == rule.MemoryDigest ? w.Series.LastSeen : 0);
    }

    /// <summary>Forgets what was noted of rules that are not among those in force.</summary>
    public void Forget(IReadOnlyCollection<RuleId> inForce)
    {
        foreach (RuleId gone in _expected.Keys.Except(inForce).ToList())
            _expected.Remove(gone);
    }

    /// <summary>What is to be written of the series that a group's rules expect.</summary>
    public List<ExpectedChange> ChangesOf(GroupRunner group)
    {
        var changes = new List<ExpectedChange>();
        foreach (AlertRuleState rule in group.Alerting)
        {
            if (rule.Memory is not AbsenceMemory absence)
                continue;
            (RuleId id, string digest) = (group.IdOf(rule.Rule), rule.MemoryDigest);
            Dictionary<Labels, long> written = Of(id);
            var expected = new HashSet<Labels>();
            foreach (ExpectedSeries series in absence.Expected)
            {
                expected.Add(series.Series);
                if (!written.TryGetValue(series.Series, out long saved) || series.LastSeen - saved >= ExpectedStepMilliseconds)
                    changes.Add(new ExpectedChange(id, series.Series, series.LastSeen, digest));
            }
            changes.AddRange(written.Keys.Where(s => !expected.Contains(s)).Select(s => new ExpectedChange(id, s, null, digest)));
        }
        return changes;
    }

    /// <summary>Writes such changes.</summary>
    public void Write(StateWriter to, List<ExpectedChange> changes)
    {
        foreach (ExpectedChange change in changes)
        {
            string series = LabelsJson.Write(change.Series);
            if (change.LastSeen is { } seen)
            {
                to.Save(new ExpectedRow
                {
                    Rule = change.Rule.ToString(), Series = series, LastSeen = seen, Digest = change.Digest,
                });
                Of(change.Rule)[change.Series] = seen;
            }
            else
            {
                to.Delete<ExpectedRow>(change.Rule.ToString(), series);
                Of(change.Rule).Remove(change.Series);
            }
        }
    }

    /// <summary>What was learned is written now and then: a crash costs some minutes of weeks.</summary>
    public void SaveLearned(IReadOnlyDictionary<RuleId, AlertRuleState> rules, Timestamp now)
    {
        if (now < _nextLearnedSave)
            return;
        _nextLearnedSave = now + s_learnedStep;
        List<(RuleId Rule, Labels Series, string? Model)> changed =
        [
            .. rules.SelectMany(r => r.Value.Memory is LearnedMemory learned
                ? learned.TakeChanged().Select(l => (r.Key, l.Series, l.Model is null ? null : LearnedText.Of(r.Value, learned, l.Model)))
                : []),
        ];
        if (changed.Count == 0)
            return;
        state.Write(writer =>
        {
            foreach ((RuleId rule, Labels series, string? model) in changed)
            {
                string key = LabelsJson.Write(series);
                if (model is null)
                    writer.Delete<LearnedRow>(rule.ToString(), key);
                else
                    writer.Save(new LearnedRow { Rule = rule.ToString(), Series = key, Model = model });
            }
        });
    }

    private Dictionary<Labels, long> Of(RuleId rule)
    {
        if (!_expected.TryGetValue(rule, out Dictionary<Labels, long>? series))
            _expected.Add(rule, series = []);
        return series;
    }
}
