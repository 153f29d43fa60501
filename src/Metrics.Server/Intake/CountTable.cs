using Metrics.Model;

namespace Metrics.Intake;

/// <summary>The series of a metric that counts, each from its first count on. One thread at a time.</summary>
internal sealed class CountTable<TKey>(Metric metric, TimeProvider time)
    where TKey : struct, IEquatable<TKey>
{
    private readonly Dictionary<TKey, CountedSeries> _counted = [];

    /// <summary>When they were last asked for, milliseconds since 1970 UTC: a series that begins since was 0 then.</summary>
    private long _lastTaken = time.GetUtcNow().ToUnixTimeMilliseconds();

    public int Count => _counted.Count;

    public IReadOnlyCollection<TKey> Keys => _counted.Keys;

    /// <summary>The series of a key; null where there is none yet.</summary>
    public CountedSeries? Find(TKey key) => _counted.GetValueOrDefault(key);

    /// <summary>Begins a series at 0.</summary>
    public CountedSeries Add(TKey key, params ReadOnlySpan<string> labels)
    {
        var counted = new CountedSeries(metric.Series(labels));
        _counted.Add(key, counted);
        return counted;
    }

    /// <summary>All counts as they are now.</summary>
    public List<LogCount> Take()
    {
        var counts = new List<LogCount>(_counted.Count);
        foreach (CountedSeries counted in _counted.Values)
        {
            counts.Add(new LogCount(metric, counted.Labels, counted.Count, counted.IsTold ? null : _lastTaken));
            counted.IsTold = true;
        }
        _lastTaken = time.GetUtcNow().ToUnixTimeMilliseconds();
        return counts;
    }

    /// <summary>Drops the series of which nothing was counted for so long.</summary>
    /// <returns>Whether there was any.</returns>
    public bool Forget(TimeSpan after)
    {
        bool isAny = false;
        foreach ((TKey key, CountedSeries counted) in _counted)
            isAny |= time.GetElapsedTime(counted.Last) > after && _counted.Remove(key);
        return isAny;
    }
}

/// <summary>One series of a <see cref="CountTable{TKey}"/>.</summary>
internal sealed class CountedSeries(Labels labels)
{
    public Labels Labels => labels;

    public long Count { get; private set; }

    /// <summary>When something was last counted, by <see cref="TimeProvider.GetTimestamp"/>.</summary>
    public long Last { get; private set; }

    /// <summary>Whether somebody has asked for it since it began.</summary>
    public bool IsTold { get; set; }

    /// <summary>Counts one more.</summary>
    public void Note(long now)
    {
        Count++;
        Last = now;
    }
}

/// <summary>One count.</summary>
/// <param name="Metric">What is counted.</param>
/// <param name="Series">The labels of its series.</param>
/// <param name="Lines">How many lines since the start, or since the series was dropped.</param>
/// <param name="WasZeroAt">
/// Where this is its first count: when it was 0, milliseconds since 1970 UTC, so that <c>increase()</c> sees its first lines too.
/// </param>
internal readonly record struct LogCount(Metric Metric, Labels Series, long Lines, long? WasZeroAt);
