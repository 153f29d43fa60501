using System.Runtime.CompilerServices;
using Metrics.Model;

namespace Metrics.Rules.Sigma;

/// <summary>What an event must be to meet a rule.</summary>
/// <param name="Source">The logs that the rule is about.</param>
/// <param name="Condition">What it asks of an event of these.</param>
internal sealed record SigmaDetection(SigmaSource Source, Predicate<SigmaEvent> Condition);

/// <summary>
/// Finds the events of a batch that meet rules: one pass over the batch for all rules, which asks of each event first which logs it is of.
/// What a thread has found stays known until it asks for another batch, since one rule after the other asks; it goes with the rules.
/// </summary>
internal sealed class SigmaMatcher
{
    /// <summary>What a thread has found, for as long as somebody asks the rules.</summary>
    [ThreadStatic]
    private static ConditionalWeakTable<SigmaMatcher, Found>? t_found;

    private readonly (SigmaSource Source, (int Rule, Predicate<SigmaEvent> Condition)[] Rules)[] _sources;
    private readonly int _count;

    /// <param name="detections">The rules.</param>
    public SigmaMatcher(IReadOnlyList<SigmaDetection> detections)
    {
        _count = detections.Count;
        _sources =
        [
            .. detections.Index().GroupBy(d => d.Item.Source.Name)
                .Select(s => (s.First().Item.Source, s.Select(d => (d.Index, d.Item.Condition)).ToArray())),
        ];
    }

    /// <summary>Finds the next row of a batch that meets any of some rules.</summary>
    /// <param name="rules">The rules' places.</param>
    /// <param name="batch">The batch.</param>
    /// <param name="row">Where to begin.</param>
    /// <returns>The row; the number of rows when there is none.</returns>
    public int Next(ReadOnlySpan<int> rules, EventBatch batch, int row)
    {
        Found found = Find(batch);
        int next = batch.Count;
        foreach (int rule in rules)
        {
            if (found.Rows[rule] is not { Count: > 0 } rows)
                continue;
            int at = rows.BinarySearch(row);
            at = at < 0 ? ~at : at;
            if (at < rows.Count)
                next = Math.Min(next, rows[at]);
        }
        return next;
    }

    private Found Find(EventBatch batch)
    {
        Found found = (t_found ??= []).GetOrAdd(this, static m => new Found(m._count));
        if (found.Batch == batch && found.Count == batch.Count)
            return found;
        found.Begin();
        for (int row = 0; row < batch.Count; row++)
        {
            found.Event.Take(batch, row);
            foreach ((SigmaSource source, (int Rule, Predicate<SigmaEvent> Condition)[] rules) in _sources)
            {
                if (!source.Has(found.Event))
                    continue;
                foreach ((int rule, Predicate<SigmaEvent> condition) in rules)
                {
                    if (source.Meets(found.Event, condition))
                        found.Add(rule, row);
                }
            }
        }
        found.End(batch);
        return found;
    }

    private sealed class Found(int rules)
    {
        private readonly List<int> _met = [];

        public SigmaEvent Event { get; } = new();

        public EventBatch? Batch { get; private set; }

        public int Count { get; private set; }

        /// <summary>By rule: the rows that meet it, in order.</summary>
        public List<int>?[] Rows { get; } = new List<int>?[rules];

        public void Begin()
        {
            foreach (int rule in _met)
                Rows[rule]!.Clear();
            _met.Clear();
            Batch = null;
        }

        public void End(EventBatch batch) => (Batch, Count) = (batch, batch.Count);

        public void Add(int rule, int row)
        {
            List<int> rows = Rows[rule] ??= [];
            if (rows.Count == 0)
                _met.Add(rule);
            rows.Add(row);
        }
    }
}
