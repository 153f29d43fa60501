using System.Runtime.InteropServices;
using Metrics.Model;

namespace Metrics.Series;

/// <summary>From label values to the series that have them: name → value → ascending slots. Not thread-safe; the head guards it.</summary>
public sealed class LabelIndex
{
    private readonly Dictionary<string, Dictionary<string, List<int>>> _slots = [];

    /// <summary>The label names that some series has, in no order.</summary>
    public IEnumerable<string> Names => _slots.Keys;

    /// <summary>The values that some series has for a name, in no order.</summary>
    public IEnumerable<string> Values(string name) => _slots.TryGetValue(name, out Dictionary<string, List<int>>? values) ? values.Keys : [];

    /// <summary>Every pair of name and value, and how many series have it.</summary>
    public IEnumerable<(string Name, string Value, int Series)> Pairs() =>
        _slots.SelectMany(n => n.Value.Select(v => (n.Key, v.Key, v.Value.Count)));

    /// <summary>Adds a series.</summary>
    public void Add(Labels labels, int slot)
    {
        foreach (Label label in labels.AsSpan())
        {
            ref Dictionary<string, List<int>>? values = ref CollectionsMarshal.GetValueRefOrAddDefault(_slots, label.Name, out _);
            values ??= [];
            ref List<int>? slots = ref CollectionsMarshal.GetValueRefOrAddDefault(values, label.Value, out _);
            slots ??= new List<int>(1);
            if (slots.Count == 0 || slots[^1] < slot)
            {
                slots.Add(slot);
                continue;
            }
            int place = slots.BinarySearch(slot);
            if (place < 0)
                slots.Insert(~place, slot);
        }
    }

    /// <summary>Removes many series at once.</summary>
    public void Remove(IReadOnlyCollection<(Labels Labels, int Slot)> removed)
    {
        var gone = removed.Select(r => r.Slot).ToHashSet();
        foreach (Label label in removed.SelectMany(r => r.Labels).Distinct())
        {
            Dictionary<string, List<int>> values = _slots[label.Name];
            List<int> slots = values[label.Value];
            slots.RemoveAll(gone.Contains);
            if (slots.Count == 0)
                values.Remove(label.Value);
            else if (slots.Capacity > slots.Count * 2)
                slots.TrimExcess();
            if (values.Count == 0)
                _slots.Remove(label.Name);
        }
    }

    /// <summary>
    /// A list of slots that holds every series that meets all conditions, and maybe more: the shortest that one condition gives.
    /// Null means that no condition narrows the search and every series is a candidate.
    /// </summary>
    public IReadOnlyList<int>? Candidates(IReadOnlyList<LabelMatcher> matchers)
    {
        List<int>? best = null;
        foreach (LabelMatcher matcher in matchers.OrderBy(m => m.Kind != MatchKind.Equal))
        {
            // A condition that the empty value meets is also met by series without the label: it cannot narrow.
            if (matcher.MatchesEmpty)
                continue;
            // A list this short is walked faster than the values of a label are tried one by one.
            if (best is { Count: < 64 } && matcher.Kind != MatchKind.Equal)
                break;
            List<int> slots = Slots(matcher);
            if (best is null || slots.Count < best.Count)
                best = slots;
            if (best.Count == 0)
                break;
        }
        return best;
    }

    private List<int> Slots(LabelMatcher matcher)
    {
        if (!_slots.TryGetValue(matcher.Name, out Dictionary<string, List<int>>? values))
            return [];
        if (matcher.Kind == MatchKind.Equal)
            return values.GetValueOrDefault(matcher.Value) ?? [];
        List<List<int>> matching = matcher is { Kind: MatchKind.Regex, Literals: { } literals }
            ? [.. literals.Where(values.ContainsKey).Select(v => values[v])]
            : [.. values.Where(v => matcher.Matches(v.Key)).Select(v => v.Value)];
        if (matching.Count == 1)
            return matching[0];
        // A series has one value a name, so the lists share no slot.
        var union = new List<int>(matching.Sum(m => m.Count));
        foreach (List<int> slots in matching)
            union.AddRange(slots);
        union.Sort();
        return union;
    }
}
