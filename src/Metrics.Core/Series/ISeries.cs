using Metrics.Model;

namespace Metrics.Series;

/// <summary>One series that can be read: of the head, of the store, or of a test.</summary>
public interface ISeries
{
    /// <summary>Its labels, metric name included.</summary>
    Labels Labels { get; }

    /// <summary>Adds the samples of a span of time to a buffer, oldest first, stale markers included.</summary>
    /// <param name="after">Exclusive lower bound, milliseconds since 1970 UTC.</param>
    /// <param name="to">Inclusive upper bound.</param>
    /// <param name="into">Added to.</param>
    void Read(long after, long to, SampleBuffer into);

    /// <summary>
    /// The newest sample at or before a moment, and after <paramref name="after"/>; false when there is none or it is a stale marker.
    /// </summary>
    /// <param name="at">The moment, milliseconds.</param>
    /// <param name="after">Exclusive lower bound: the moment less the lookback.</param>
    /// <param name="sample">That sample.</param>
    bool TryLast(long at, long after, out Sample sample);
}

/// <summary>Where queries find series.</summary>
public interface ISeriesSource
{
    /// <summary>The series that meet all conditions and may have samples in a span of time.</summary>
    /// <param name="matchers">The conditions.</param>
    /// <param name="after">Exclusive lower bound, milliseconds since 1970 UTC.</param>
    /// <param name="to">Inclusive upper bound.</param>
    IReadOnlyList<ISeries> Select(IReadOnlyList<LabelMatcher> matchers, long after, long to);
}

/// <summary>Samples of one series as columns, to be filled again and again.</summary>
public sealed class SampleBuffer
{
    private long[] _times = new long[128];
    private double[] _values = new double[128];
    private long[]? _starts;

    /// <summary>Samples in it.</summary>
    public int Count { get; private set; }

    /// <summary>Their times, milliseconds since 1970 UTC, ascending.</summary>
    public ReadOnlySpan<long> Times => _times.AsSpan(0, Count);

    /// <summary>Their values.</summary>
    public ReadOnlySpan<double> Values => _values.AsSpan(0, Count);

    /// <summary>When each counter began to count, where the series tells (0: unknown); empty where none does.</summary>
    public ReadOnlySpan<long> Starts => _starts is null ? default : _starts.AsSpan(0, Count);

    /// <summary>Empties it.</summary>
    public void Clear()
    {
        Count = 0;
        _starts = null;
    }

    /// <summary>Adds a sample; its time is not before the last one's.</summary>
    public void Add(long time, double value)
    {
        if (Count == _times.Length)
            Grow();
        _times[Count] = time;
        _values[Count] = value;
        Count++;
    }

    /// <summary>Adds a sample of a counter that tells when it began.</summary>
    public void Add(long time, double value, long start)
    {
        Add(time, value);
        _starts ??= new long[_times.Length];
        _starts[Count - 1] = start;
    }

    /// <summary>Removes the stale markers.</summary>
    public void DropStale()
    {
        int first = 0;
        while (first < Count && !StaleMarker.Is(_values[first]))
            first++;
        int kept = first;
        for (int i = first; i < Count; i++)
        {
            if (StaleMarker.Is(_values[i]))
                continue;
            _times[kept] = _times[i];
            _values[kept] = _values[i];
            if (_starts is not null)
                _starts[kept] = _starts[i];
            kept++;
        }
        Count = kept;
    }

    private void Grow()
    {
        int size = Count * 2;
        Array.Resize(ref _times, size);
        Array.Resize(ref _values, size);
        if (_starts is not null)
            Array.Resize(ref _starts, size);
    }
}
