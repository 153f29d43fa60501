using System.Runtime.InteropServices;
using Metrics.Model;

namespace Metrics.Series;

/// <summary>From label values to the series that have them: name → value → ascending slots. Not thread-safe; the head guards it.</summary>
public sealed class LabelIndex
{
    private readonly Dictionary<string, Dictionary<string, Slots>> _slots = [];

    /// <summary>The series of one value. Most values, such as identifiers, have one or two, which need no list.</summary>
    private struct Slots
    {
        private const int None = -1;

        private List<int>? _many;
        private int _first;
        private int _second;

        public static Slots Of(int slot) => new() { _first = slot, _second = None };

        public readonly int Count => _many?.Count ?? (_first == None ? 0 : _second == None ? 1 : 2);

        public void Add(int slot)
        {
            if (_many is null)
            {
                if (slot == _first || slot == _second)
                    return;
                if (_first == None)
                    _first = slot;
                else if (_second == None)
                    (_first, _second) = (Math.Min(_first, slot), Math.Max(_first, slot));
                else
                    _many = new List<int>(4) { _first, _second };
            }
            if (_many is null)
                return;
            if (_many[^1] < slot)
            {
                _many.Add(slot);
                return;
            }
            int place = _many.BinarySearch(slot);
            if (place < 0)
                _many.Insert(~place, slot);
        }

        public void RemoveAll(HashSet<int> gone)
        {
            if (_many is null)
            {
                if (gone.Contains(_second))
                    _second = None;
                if (gone.Contains(_first))
                    (_first, _second) = (_second, None);
                return;
            }
            _many.RemoveAll(gone.Contains);
            if (_many.Count == 0)
                (_many, _first, _second) = (null, None, None);
            else if (_many.Capacity > _many.Count * 2)
                _many.TrimExcess();
        }

        public readonly List<int> ToList()
        {
            if (_many is not null)
                return _many;
            var list = new List<int>(2);
            AddTo(list);
            return list;
        }

        public readonly void AddTo(List<int> slots)
        {
            if (_many is not null)
            {
                slots.AddRange(_many);
                return;
            }
            if (_first != None)
                slots.Add(_first);
            if (_second != None)
                slots.Add(_second);
        }
    }

    /// <summary>The label names that some series has, in no order.</summary>
    public IEnumerable<string> Names => _slots.Keys;

    /// <summary>The values that some series has for a name, in no order.</summary>
    public IEnumerable<string> Values(string name) => _slots.TryGetValue(name, out Dictionary<string, Slots>? values) ? values.Keys : [];

    /// <summary>Every pair of name and value, and how many series have it.</summary>
    public IEnumerable<(string Name, string Value, int Series)> Pairs() =>
        _slots.SelectMany(n => n.Value.Select(v => (n.Key, v.Key, v.Value.Count)));

    /// <summary>Adds a series.</summary>
    public void Add(Labels labels, int slot)
    {
        foreach (Label label in labels)
        {
            ref Dictionary<string, Slots>? values = ref CollectionsMarshal.GetValueRefOrAddDefault(_slots, label.Name, out _);
            values ??= [];
            ref Slots slots = ref CollectionsMarshal.GetValueRefOrAddDefault(values, label.Value, out bool known);
            if (known)
                slots.Add(slot);
            else
                slots = Slots.Of(slot);
        }
    }

    /// <summary>Removes many series at once.</summary>
    public void Remove(IReadOnlyCollection<(Labels Labels, int Slot)> removed)
    {
        var gone = removed.Select(r => r.Slot).ToHashSet();
        foreach (Label label in removed.SelectMany(r => r.Labels).Distinct())
        {
            Dictionary<string, Slots> values = _slots[label.Name];
            ref Slots slots = ref CollectionsMarshal.GetValueRefOrNullRef(values, label.Value);
            slots.RemoveAll(gone);
            if (slots.Count == 0)
                values.Remove(label.Value);
            if (values.Count == 0)
                _slots.Remove(label.Name);
        }
    }

    /// <summary>
    /// A list of slots that holds every series that meets all conditions, and maybe more: what conditions of equality have in common, or
    /// the shortest list that another condition gives. Null means that no condition narrows the search and every series is a candidate.
    /// </summary>
    public IReadOnlyList<int>? Candidates(IReadOnlyList<LabelMatcher> matchers)
    {
        List<int>? best = Common(matchers);
        foreach (LabelMatcher matcher in matchers)
        {
            // A list this short is walked faster than the values of a label are tried one by one.
            if (best is { Count: < 64 })
                break;
            // A condition that the empty value meets is also met by series without the label: it cannot narrow.
            if (matcher.MatchesEmpty || matcher.Kind == MatchKind.Equal)
                continue;
            List<int> slots = SlotsOf(matcher);
            if (best is null || slots.Count < best.Count)
                best = slots;
        }
        return best;
    }

    /// <summary>The slots that meet all conditions of equality; null where there is none.</summary>
    private List<int>? Common(IReadOnlyList<LabelMatcher> matchers)
    {
        List<int>? shortest = null;
        var lists = new List<List<int>>(matchers.Count);
        foreach (LabelMatcher matcher in matchers)
        {
            if (matcher.MatchesEmpty || matcher.Kind != MatchKind.Equal)
                continue;
            List<int> slots = SlotsOf(matcher);
            if (slots.Count == 0)
                return slots;
            lists.Add(slots);
            if (shortest is null || slots.Count < shortest.Count)
                shortest = slots;
        }
        foreach (List<int> other in lists)
        {
            if (shortest!.Count < 8)
                break;
            if (!ReferenceEquals(other, shortest))
                shortest = Intersect(shortest, other);
        }
        return shortest;
    }

    /// <summary>What two ascending lists have in common; the second one is the longer, and is leapt through.</summary>
    private static List<int> Intersect(List<int> few, List<int> many)
    {
        var common = new List<int>();
        ReadOnlySpan<int> rest = CollectionsMarshal.AsSpan(many);
        foreach (int slot in few)
        {
            int leap = 1;
            while (leap < rest.Length && rest[leap] < slot)
                leap *= 2;
            int place = rest[..Math.Min(leap + 1, rest.Length)].BinarySearch(slot);
            if (place >= 0)
                common.Add(slot);
            rest = rest[(place >= 0 ? place + 1 : ~place)..];
            if (rest.IsEmpty)
                break;
        }
        return common;
    }

    private List<int> SlotsOf(LabelMatcher matcher)
    {
        if (!_slots.TryGetValue(matcher.Name, out Dictionary<string, Slots>? values))
            return [];
        if (matcher.Kind == MatchKind.Equal)
            return values.TryGetValue(matcher.Value, out Slots one) ? one.ToList() : [];
        List<Slots> matching = matcher is { Kind: MatchKind.Regex, Literals: { } literals }
            ? [.. literals.Where(values.ContainsKey).Select(v => values[v])]
            : [.. values.Where(v => matcher.Matches(v.Key)).Select(v => v.Value)];
        if (matching.Count == 1)
            return matching[0].ToList();
        // A series has one value a name, so the lists share no slot.
        var union = new List<int>(matching.Sum(m => m.Count));
        foreach (Slots slots in matching)
            slots.AddTo(union);
        union.Sort();
        return union;
    }
}
