using Metrics.Model;

namespace Metrics.Query.Engine;

/// <summary>
/// Takes one series of a vector, a value or gap a step. The row is scratch: it may be changed, and is not valid after the call.
/// </summary>
/// <param name="labels">The series.</param>
/// <param name="nameless">Whether its metric name is no longer part of it (see <see cref="Evaluator.Identity"/>).</param>
/// <param name="values">One a step.</param>
internal delegate void RowSink(Labels labels, bool nameless, Span<double> values);

/// <summary>The series of a vector, kept. Rows stand in segments, so that nothing is copied as it grows.</summary>
internal sealed class RowSet(Evaluator evaluator, int steps)
{
    /// <summary>What a row costs beside its values: where its labels are, and its place in a list of its group.</summary>
    private const int RowBytes = 32;

    private readonly int _perSegment = Math.Max(1, 16_384 / steps);
    private readonly List<double[]> _segments = [];
    private readonly List<Labels> _labels = [];
    private readonly List<bool> _nameless = [];

    public int Count => _labels.Count;

    public Labels Labels(int row) => _labels[row];

    public bool Nameless(int row) => _nameless[row];

    public void SetNameless(int row) => _nameless[row] = true;

    public Span<double> this[int row] => _segments[row / _perSegment].AsSpan(row % _perSegment * steps, steps);

    public int Add(Labels labels, bool nameless, ReadOnlySpan<double> values)
    {
        int row = AddGaps(labels, nameless);
        values.CopyTo(this[row]);
        return row;
    }

    public int AddGaps(Labels labels, bool nameless)
    {
        evaluator.Count(steps);
        evaluator.Hold(RowBytes);
        int row = _labels.Count;
        if (row / _perSegment == _segments.Count)
        {
            evaluator.Hold(sizeof(double) * (long)_perSegment * steps);
            _segments.Add(GC.AllocateUninitializedArray<double>(_perSegment * steps));
        }
        _labels.Add(labels);
        _nameless.Add(nameless);
        this[row].Fill(NoValue.Value);
        return row;
    }

    /// <summary>Hands all rows on that have a value.</summary>
    public void Send(RowSink sink)
    {
        for (int row = 0; row < Count; row++)
        {
            if (!NoValue.IsAll(this[row]))
                sink(_labels[row], _nameless[row], this[row]);
        }
    }
}

/// <summary>Rows of which those with equal labels are one; two values at one step are an error.</summary>
internal sealed class MergedRows(Evaluator evaluator, int steps)
{
    private readonly Dictionary<Labels, int> _known = [];
    private readonly RowSet _rows = new(evaluator, steps);

    /// <param name="labels">The series as it will be.</param>
    /// <param name="nameless">Whether its name is still to be dropped.</param>
    /// <param name="values">One a step.</param>
    /// <param name="disjoint">Whether equal labels are an error even at different steps.</param>
    public void Add(Labels labels, bool nameless, ReadOnlySpan<double> values, bool disjoint = false)
    {
        if (_known.TryAdd(labels, _rows.Count))
        {
            // The labels may be new.
            evaluator.Hold(QueryMemory.SeriesBytes);
            _rows.Add(labels, nameless, values);
            return;
        }
        int row = _known[labels];
        if (disjoint)
            throw Twice();
        if (nameless)
            _rows.SetNameless(row);
        Span<double> into = _rows[row];
        for (int i = 0; i < values.Length; i++)
        {
            if (NoValue.Is(values[i]))
                continue;
            if (!NoValue.Is(into[i]))
                throw Twice();
            into[i] = values[i];
        }
    }

    public void Send(RowSink sink) => _rows.Send(sink);

    private static QueryException Twice() => new("vector cannot contain metrics with the same labelset");
}
