using Metrics.Model;

namespace Metrics.Query.Engine;

/// <summary>
/// Gives series that agree in some labels the same number: for the groups of an aggregation and the pairs of a vector match. Compares in
/// place; only a group's first series costs memory.
/// </summary>
internal sealed class LabelGrouping
{
    private readonly string[] _names;
    private readonly bool _only;
    private readonly Dictionary<int, int> _first = [];
    private readonly List<(Labels Labels, bool Nameless, int Next)> _groups = [];

    /// <param name="names">Label names.</param>
    /// <param name="only">Whether these alone count (<c>by</c>, <c>on</c>); else all but these and the metric name (<c>without</c>,
    /// <c>ignoring</c>).</param>
    public LabelGrouping(IReadOnlyList<string> names, bool only)
    {
        _only = only;
        _names = [.. (only ? names : names.Append(Labels.MetricName)).Distinct().Order(StringComparer.Ordinal)];
    }

    public int Count => _groups.Count;

    /// <summary>The number of a series' group, counted from 0 in order of appearance.</summary>
    public int Of(Labels labels, bool nameless)
    {
        if (_only && _names.Length == 0)
        {
            if (_groups.Count == 0)
                _groups.Add((labels, nameless, -1));
            return 0;
        }
        int hash = Hash(labels, nameless);
        if (Find(labels, nameless, hash) is >= 0 and var known)
            return known;
        _groups.Add((labels, nameless, _first.GetValueOrDefault(hash, -1)));
        return _first[hash] = _groups.Count - 1;
    }

    /// <summary>Whether a series is of a group that appeared.</summary>
    public bool Has(Labels labels) =>
        _only && _names.Length == 0 ? _groups.Count > 0 : Find(labels, false, Hash(labels, false)) >= 0;

    /// <summary>The labels that all of a group have.</summary>
    public Labels LabelsOf(int group) => Reduce(_groups[group].Labels, _groups[group].Nameless);

    /// <summary>Of a series' labels those that count.</summary>
    public Labels Reduce(Labels labels, bool nameless)
    {
        var kept = new List<Label>(labels.Count);
        foreach (Label label in labels)
        {
            if (Counts(label.Name, nameless))
                kept.Add(label);
        }
        return Labels.Of([.. kept]);
    }

    private int Find(Labels labels, bool nameless, int hash)
    {
        int group = _first.GetValueOrDefault(hash, -1);
        while (group >= 0 && !Same(_groups[group].Labels, _groups[group].Nameless, labels, nameless))
            group = _groups[group].Next;
        return group;
    }

    private bool Counts(string name, bool nameless) => !(nameless && MetricIdentity.Has(name)) && Array.IndexOf(_names, name) >= 0 == _only;

    private int Hash(Labels labels, bool nameless)
    {
        HashCode hash = default;
        if (_only)
        {
            foreach (string name in _names)
                hash.Add(nameless && MetricIdentity.Has(name) ? "" : labels[name]);
            return hash.ToHashCode();
        }
        foreach (Label label in labels)
        {
            if (!Counts(label.Name, nameless))
                continue;
            hash.Add(label.Name);
            hash.Add(label.Value);
        }
        return hash.ToHashCode();
    }

    private bool Same(Labels a, bool aNameless, Labels b, bool bNameless)
    {
        if (_only)
        {
            foreach (string name in _names)
            {
                bool isName = MetricIdentity.Has(name);
                if ((isName && aNameless ? "" : a[name]) != (isName && bNameless ? "" : b[name]))
                    return false;
            }
            return true;
        }
        int i = 0, j = 0;
        while (true)
        {
            while (i < a.Count && !Counts(a[i].Name, aNameless))
                i++;
            while (j < b.Count && !Counts(b[j].Name, bNameless))
                j++;
            if (i == a.Count || j == b.Count)
                return i == a.Count && j == b.Count;
            if (a[i++] != b[j++])
                return false;
        }
    }
}
