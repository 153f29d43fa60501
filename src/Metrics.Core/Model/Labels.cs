using System.Collections;
using System.Text;

namespace Metrics.Model;

/// <summary>
/// The identity of a series: labels sorted by name (ordinal), without empty values or repeated names. Immutable and safe to share
/// between threads; the hash is computed once.
/// </summary>
/// <remarks>Data model: https://prometheus.io/docs/concepts/data_model/</remarks>
public sealed class Labels : IEquatable<Labels>, IReadOnlyList<Label>
{
    /// <summary>The reserved label that holds the metric name.</summary>
    public const string MetricName = "__name__";

    /// <summary>No labels at all.</summary>
    public static readonly Labels Empty = new([]);

    [ThreadStatic]
    private static Label[]? t_sorting;

    /// <summary>Shared by all labels of the same names.</summary>
    private readonly string[] _names;
    private readonly string[] _values;
    private readonly int _hash;

    /// <summary>
    /// Where an owner of many series (the head, a store) keeps what belongs to these labels; only a hint, always verified by
    /// reference before it is believed. It turns the commonest look-up into one array access. Default -1.
    /// </summary>
    internal int Slot = -1;

    private Labels(ReadOnlySpan<Label> sorted)
    {
        _names = LabelNames.Share(sorted);
        _values = new string[sorted.Length];
        for (int i = 0; i < sorted.Length; i++)
        {
            _values[i] = sorted[i].Value;
            _hash += sorted[i].GetHashCode();
        }
    }

    /// <summary>Value of <c>__name__</c>, or empty.</summary>
    public string Name => this[MetricName];

    /// <summary>Number of labels, <c>__name__</c> included.</summary>
    public int Count => _values.Length;

    /// <summary>The label at a place in name order.</summary>
    public Label this[int index] => new(_names[index], _values[index]);

    /// <summary>The value of a label, or the empty string when there is none of that name.</summary>
    public string this[string name]
    {
        get
        {
            int index = Array.IndexOf(_names, name);
            return index < 0 ? "" : _values[index];
        }
    }

    /// <summary>Labels from pairs in any order; empty values are left out.</summary>
    /// <exception cref="ArgumentException">A name is empty or given twice.</exception>
    public static Labels Of(params ReadOnlySpan<Label> labels)
    {
        if (!TryCreate(labels, out Labels? result, out string? repeated))
            throw new ArgumentException(
                repeated!.Length == 0 ? "A label name is empty." : $"The label '{repeated}' is given twice.", nameof(labels));
        return result!;
    }

    /// <summary>Labels from a metric name and name-value pairs in any order.</summary>
    /// <exception cref="ArgumentException">A name is empty or given twice.</exception>
    public static Labels Of(string metric, params ReadOnlySpan<(string Name, string Value)> labels)
    {
        var all = new Label[labels.Length + 1];
        all[0] = new Label(MetricName, metric);
        for (int i = 0; i < labels.Length; i++)
            all[i + 1] = new Label(labels[i].Name, labels[i].Value);
        return Of(all);
    }

    /// <summary>Labels from pairs in any order; empty values are left out.</summary>
    /// <param name="labels">The pairs.</param>
    /// <param name="result">The labels, or null on failure.</param>
    /// <param name="repeated">On failure the name that is given twice, or the empty string for an empty name.</param>
    public static bool TryCreate(ReadOnlySpan<Label> labels, out Labels? result, out string? repeated)
    {
        Label[] sorting = t_sorting is { } kept && kept.Length >= labels.Length ? kept : t_sorting = new Label[Math.Max(labels.Length, 32)];
        int count = 0;
        bool isSorted = true;
        foreach (Label label in labels)
        {
            if (label.Value.Length == 0)
                continue;
            isSorted &= count == 0 || string.CompareOrdinal(sorting[count - 1].Name, label.Name) < 0;
            sorting[count++] = label;
        }
        Span<Label> sorted = sorting.AsSpan(0, count);
        if (!isSorted)
            sorted.Sort(static (a, b) => string.CompareOrdinal(a.Name, b.Name));
        repeated = Repeated(sorted);
        result = repeated is not null ? null : count == 0 ? Empty : new Labels(sorted);
        sorted.Clear();
        return repeated is null;
    }

    /// <summary>The name that is given twice, an empty one, or null.</summary>
    private static string? Repeated(ReadOnlySpan<Label> sorted)
    {
        for (int i = 0; i < sorted.Length; i++)
        {
            if (sorted[i].Name.Length == 0 || (i > 0 && sorted[i].Name == sorted[i - 1].Name))
                return sorted[i].Name;
        }
        return null;
    }

    /// <summary>These labels with one set to a value; an empty value removes it.</summary>
    public Labels With(string name, string value)
    {
        var labels = new List<Label>(Count + 1);
        foreach (Label label in this)
        {
            if (label.Name != name)
                labels.Add(label);
        }
        labels.Add(new Label(name, value));
        return Of(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(labels));
    }

    /// <summary>These labels without one.</summary>
    public Labels Without(string name) => this[name].Length == 0 ? this : With(name, "");

    /// <summary>
    /// The 64-bit FNV-1a hash over sorted <c>name 0xff value 0xff</c> that Prometheus and Alertmanager call a fingerprint; stable over
    /// processes, written as 16 hex digits.
    /// </summary>
    public string Fingerprint() => StableHash().ToString("x16", System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>The number behind <see cref="Fingerprint"/>.</summary>
    public ulong StableHash()
    {
        ulong hash = 14695981039346656037;
        foreach (Label label in this)
        {
            hash = Add(hash, label.Name);
            hash = Add(hash, label.Value);
        }
        return hash;

        static ulong Add(ulong hash, string text)
        {
            Span<byte> utf8 = stackalloc byte[256];
            foreach (byte b in Encoding.UTF8.TryGetBytes(text, utf8, out int length) ? utf8[..length] : Encoding.UTF8.GetBytes(text))
                hash = (hash ^ b) * 1099511628211;
            return (hash ^ 0xff) * 1099511628211;
        }
    }

    /// <inheritdoc />
    public bool Equals(Labels? other)
    {
        if (ReferenceEquals(this, other))
            return true;
        return other is not null && _hash == other._hash
            && (_names == other._names || _names.AsSpan().SequenceEqual(other._names)) && _values.AsSpan().SequenceEqual(other._values);
    }

    /// <inheritdoc />
    public override bool Equals(object? obj) => Equals(obj as Labels);

    /// <inheritdoc />
    public override int GetHashCode() => _hash;

    /// <summary>The hash of these labels without those of some names: a sum over labels, so that theirs can be taken off.</summary>
    internal int HashWithout(ReadOnlySpan<string> names)
    {
        int hash = _hash;
        foreach (Label label in this)
        {
            if (names.Contains(label.Name))
                hash -= label.GetHashCode();
        }
        return hash;
    }

    /// <summary>Compares label by label, name before value, in ordinal order; a shorter set that begins alike comes first.</summary>
    public static int Compare(Labels a, Labels b)
    {
        int count = Math.Min(a.Count, b.Count);
        for (int i = 0; i < count; i++)
        {
            int order = string.CompareOrdinal(a._names[i], b._names[i]);
            if (order == 0)
                order = string.CompareOrdinal(a._values[i], b._values[i]);
            if (order != 0)
                return order;
        }
        return a.Count - b.Count;
    }

    /// <summary>Whether a text can stand as a metric name without quotes.</summary>
    public static bool IsPlainMetricName(string name) =>
        name.Length > 0 && !char.IsAsciiDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or ':');

    /// <summary>Whether a text can stand as a label name without quotes.</summary>
    public static bool IsPlainLabelName(string name) => IsPlainMetricName(name) && !name.Contains(':', StringComparison.Ordinal);

    /// <summary>A text in double quotes, with what must be escaped escaped.</summary>
    public static string Quote(string text)
    {
        var quoted = new StringBuilder(text.Length + 2).Append('"');
        foreach (char c in text)
        {
            switch (c)
            {
                case '\\': quoted.Append("\\\\"); break;
                case '"': quoted.Append("\\\""); break;
                case '\n': quoted.Append("\\n"); break;
                case '\t': quoted.Append("\\t"); break;
                case '\r': quoted.Append("\\r"); break;
                default: quoted.Append(c); break;
            }
        }
        return quoted.Append('"').ToString();
    }

    /// <summary>The series as it is written in a selector: <c>name{a="b", c="d"}</c>; names that are not plain stand in quotes.</summary>
    public override string ToString()
    {
        bool plain = Name.Length == 0 || IsPlainMetricName(Name);
        IEnumerable<string> labels = this.Where(l => l.Name != MetricName)
            .Select(l => $"{(IsPlainLabelName(l.Name) ? l.Name : Quote(l.Name))}={Quote(l.Value)}");
        string all = string.Join(", ", plain ? labels : labels.Prepend(Quote(Name)));
        return all.Length == 0 && Name.Length > 0 ? Name : $"{(plain ? Name : "")}{{{all}}}";
    }

    /// <summary>Walks the labels in name order, without copying.</summary>
    public Enumerator GetEnumerator() => new(this);

    IEnumerator<Label> IEnumerable<Label>.GetEnumerator()
    {
        for (int i = 0; i < Count; i++)
            yield return this[i];
    }

    IEnumerator IEnumerable.GetEnumerator() => ((IEnumerable<Label>)this).GetEnumerator();

    /// <summary>Walks labels in name order.</summary>
    public struct Enumerator
    {
        private readonly Labels _labels;
        private int _index;

        internal Enumerator(Labels labels) => (_labels, _index) = (labels, -1);

        /// <summary>The label at hand.</summary>
        public readonly Label Current => _labels[_index];

        /// <summary>Goes to the next label; false behind the last.</summary>
        public bool MoveNext() => ++_index < _labels.Count;
    }
}
