using System.Collections.Frozen;
using Metrics.Model;

namespace Metrics.Rules;

/// <summary>
/// The groups in force, and which of their rules read what arrives. Immutable but for the groups' own turns; swapped whole.
/// </summary>
internal sealed class RulePlan
{
    /// <summary>How the sources of batches begin that rules make themselves; these wake nobody.</summary>
    public const string SourcePrefix = "rules/";

    private readonly FrozenDictionary<string, Reader[]> _byMetric;
    private readonly Reader[] _ofAny;
    private readonly ScheduledGroup[] _ofEvents;

    /// <param name="groups">In the order of the files.</param>
    public RulePlan(IReadOnlyList<ScheduledGroup> groups)
    {
        Groups = groups;
        Runners = [.. Groups.Select(g => g.Runner)];
        var byMetric = new Dictionary<string, List<Reader>>();
        for (int i = 0; i < Groups.Count; i++)
        {
            foreach ((string metric, RuleMask rules) in Runners[i].Wakes.ByMetric)
            {
                if (!byMetric.TryGetValue(metric, out List<Reader>? readers))
                    byMetric.Add(metric, readers = []);
                readers.Add(new Reader(i, rules));
            }
        }
        _byMetric = byMetric.ToFrozenDictionary(m => m.Key, m => m.Value.ToArray());
        _ofAny = [.. Runners.Index().Where(r => r.Item.Wakes.OfAny is not null).Select(r => new Reader(r.Index, r.Item.Wakes.OfAny!))];
        _ofEvents = [.. Groups.Where(g => g.Runner.CountsEvents)];
    }

    /// <summary>Rules of one group that read something; they are not to be changed.</summary>
    private readonly record struct Reader(int Group, RuleMask Rules);

    /// <summary>The groups.</summary>
    public IReadOnlyList<ScheduledGroup> Groups { get; }

    /// <summary>The groups' rules at work.</summary>
    public IReadOnlyList<GroupRunner> Runners { get; }

    /// <summary>Whether nothing that arrives concerns anybody.</summary>
    public bool ReadsNothing => _byMetric.Count == 0 && _ofAny.Length == 0;

    /// <summary>Marks the rules that read metrics of a batch. For the intake's thread: must be quick.</summary>
    /// <returns>Whether some group is to have its turn.</returns>
    public bool Mark(SampleBatch batch, long arrived, long now)
    {
        ReadOnlySpan<Labels> series = batch.Series;
        ReadOnlySpan<long> times = batch.Times;
        if (series.IsEmpty)
            return false;
        RuleMask?[]? touched = null;
        long newest = long.MinValue;
        string previous = "";
        for (int i = 0; i < series.Length; i++)
        {
            newest = Math.Max(newest, times[i]);
            string name = series[i].Name;
            // The series of one metric mostly stand together, and share its name.
            if (ReferenceEquals(name, previous))
                continue;
            previous = name;
            if (_byMetric.TryGetValue(name, out Reader[]? readers))
                Touch(readers, ref touched);
        }
        Touch(_ofAny, ref touched);
        return touched is not null && Mark(touched, newest, arrived, now);
    }

    /// <summary>Hands events to the rules that count them, and marks these. For the intake's thread: must be quick.</summary>
    /// <returns>Whether some group is to have its turn.</returns>
    public bool Mark(EventBatch batch, long arrived, long now)
    {
        bool isNews = false;
        foreach (ScheduledGroup group in _ofEvents)
        {
            // Also a group that goes by its interval counts them.
            if (group.Runner.Take(batch) is { } woken)
                isNews |= group.Mark(woken, now, arrived, now);
        }
        return isNews;
    }

    /// <summary>Marks all rules of groups that count events, for a batch that went to the plan before this one.</summary>
    /// <returns>Whether some group is to have its turn.</returns>
    public bool MarkEvents(long arrived, long now)
    {
        bool isNews = false;
        foreach (ScheduledGroup group in _ofEvents)
        {
            var all = new RuleMask(group.Runner.Rules.Count);
            for (int i = 0; i < group.Runner.Rules.Count; i++)
                all.Add(i);
            isNews |= group.Mark(all, now, arrived, now);
        }
        return isNews;
    }

    private bool Mark(RuleMask?[] touched, long newest, long arrived, long now)
    {
        bool isNews = false;
        for (int i = 0; i < touched.Length; i++)
        {
            if (touched[i] is { } rules)
                isNews |= Groups[i].Mark(rules, newest, arrived, now);
        }
        return isNews;
    }

    private void Touch(Reader[] readers, ref RuleMask?[]? touched)
    {
        foreach (Reader reader in readers)
        {
            if (Groups[reader.Group].Pace.IsTooDear)
                continue;
            touched ??= new RuleMask?[Groups.Count];
            (touched[reader.Group] ??= new RuleMask(reader.Rules.Size)).Add(reader.Rules);
        }
    }
}
