
namespace Metrics.Model;

/// <summary>
/// Samples on their way, as columns: one series, one time and one value a row, in arrays from a pool. Written by one producer, then handed
/// over; not safe for use by two threads at once. Dispose it once, by whoever holds it last.
/// </summary>
public sealed class SampleBatch : IDisposable
{
    private Labels[] _series;
    private long[] _times;
    private double[] _values;
    private List<KeyValuePair<string, MetricMetadata>>? _metadata;

    /// <param name="source">Who sent it, as limits and counters name it: <c>job/instance</c> or <c>push/NAME</c>.</param>
    /// <param name="capacity">Rows to make room for; it grows when needed.</param>
    public SampleBatch(string source, int capacity = 256)
    {
        Source = source;
        _series = BatchArrays<Labels>.Rent(capacity);
        _times = BatchArrays<long>.Rent(capacity);
        _values = BatchArrays<double>.Rent(capacity);
    }

    /// <summary>Who sent it.</summary>
    public string Source { get; }

    /// <summary>Number of rows.</summary>
    public int Count { get; private set; }

    /// <summary>The series of each row.</summary>
    public ReadOnlySpan<Labels> Series => _series.AsSpan(0, Count);

    /// <summary>The time of each row, milliseconds since 1970 UTC.</summary>
    public ReadOnlySpan<long> Times => _times.AsSpan(0, Count);

    /// <summary>The value of each row.</summary>
    public ReadOnlySpan<double> Values => _values.AsSpan(0, Count);

    /// <summary>Kinds and help texts that the source told with these samples; often empty, since they are sent only when new.</summary>
    public IReadOnlyList<KeyValuePair<string, MetricMetadata>> Metadata => _metadata ?? [];

    /// <summary>Adds a row.</summary>
    public void Add(Labels series, long time, double value)
    {
        int row = Count;
        if (row == _times.Length || row == _series.Length || row == _values.Length)
            Grow();
        _series[row] = series;
        _times[row] = time;
        _values[row] = value;
        Count = row + 1;
    }

    /// <summary>Adds what the source tells of a metric.</summary>
    public void Describe(string metric, MetricMetadata metadata) => (_metadata ??= []).Add(new(metric, metadata));

    /// <summary>Keeps only the rows for which the mask is true, in order.</summary>
    /// <param name="keep">One flag a row; a shorter mask is an error.</param>
    public void Keep(ReadOnlySpan<bool> keep)
    {
        int kept = 0;
        for (int i = 0; i < Count; i++)
        {
            if (!keep[i])
                continue;
            _series[kept] = _series[i];
            _times[kept] = _times[i];
            _values[kept] = _values[i];
            kept++;
        }
        Array.Clear(_series, kept, Count - kept);
        Count = kept;
    }

    /// <summary>Gives the arrays back; the batch is empty afterwards.</summary>
    public void Dispose()
    {
        if (_times.Length == 0)
            return;
        Array.Clear(_series, 0, Count);
        BatchArrays<Labels>.Return(_series);
        BatchArrays<long>.Return(_times);
        BatchArrays<double>.Return(_values);
        _series = [];
        _times = [];
        _values = [];
        Count = 0;
    }

    private void Grow()
    {
        ObjectDisposedException.ThrowIf(_times.Length == 0, this);
        int capacity = Math.Max(Count * 2, 16);
        _series = Grow(_series, capacity);
        _times = Grow(_times, capacity);
        _values = Grow(_values, capacity);
    }

    private T[] Grow<T>(T[] old, int capacity)
    {
        T[] grown = BatchArrays<T>.Rent(capacity);
        old.AsSpan(0, Count).CopyTo(grown);
        if (typeof(T) == typeof(Labels))
            Array.Clear(old, 0, Count);
        BatchArrays<T>.Return(old);
        return grown;
    }
}
