using Metrics.Model;
using Metrics.Query.Engine;
using Metrics.Query.Syntax;
using Metrics.Series;

namespace Metrics.Query.Functions;

/// <summary>What a range function gets: the samples of one series within a span of time, and its other arguments.</summary>
internal ref struct Window
{
    public ReadOnlySpan<long> Times;
    public ReadOnlySpan<double> Values;

    /// <summary>When counters began, or empty.</summary>
    public ReadOnlySpan<long> Starts;

    /// <summary>Edges of the range, milliseconds; the first is exclusive.</summary>
    public long RangeStart, RangeEnd;

    /// <summary>How often a value is less than the one before.</summary>
    public int Resets;

    /// <summary>The step's moment, milliseconds.</summary>
    public long At;

    /// <summary>Scalar arguments.</summary>
    public double First, Second;

    public RangeEdge Edge;
    public Labels Labels;
    public CallExpr Call;
    public Notes Notes;

    public readonly int Count => Values.Length;

    public readonly double RangeSeconds => (RangeEnd - RangeStart) / 1000.0;
}

/// <summary>A window that slides over the samples of one series; each step looks only at what is new.</summary>
internal struct Windows(SampleBuffer samples, bool isFixed, long length, long before, long behind, RangeEdge edge, Labels labels)
{
    private int _first;
    private int _behind;
    private int _resetsBefore;
    private int _resets;

    public Window At(long end)
    {
        long start = end - length;
        ReadOnlySpan<long> times = samples.Times;
        ReadOnlySpan<double> values = samples.Values;
        if (isFixed && _behind > 0)
            return Make(start, end);
        while (_behind < times.Length && times[_behind] <= end + behind)
        {
            if (_behind > 0 && values[_behind] < values[_behind - 1])
                _resets++;
            _behind++;
        }
        while (_first < _behind && times[_first] <= start - before)
        {
            _first++;
            // A reset counts while both of its samples are within the window.
            if (_first < times.Length && values[_first] < values[_first - 1])
                _resetsBefore++;
        }
        return Make(start, end);
    }

    private readonly Window Make(long start, long end) => new()
    {
        Times = samples.Times[_first.._behind],
        Values = samples.Values[_first.._behind],
        Starts = samples.Starts.IsEmpty ? default : samples.Starts[_first.._behind],
        RangeStart = start,
        RangeEnd = end,
        Resets = _first < _behind ? _resets - _resetsBefore : 0,
        Edge = edge,
        Labels = labels,
    };
}
