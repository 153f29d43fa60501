using System.Runtime.InteropServices;
using Metrics.Model;

namespace Metrics.Series;

/// <summary>Bounds of the head.</summary>
/// <param name="Window">How far back samples are kept. Default 2 h.</param>
/// <param name="MaxSeries">Series in all. Default 5,000,000.</param>
/// <param name="MaxSeriesPerSource">Series that one target or pusher may begin. Default 500,000.</param>
/// <param name="MaxFuture">How far ahead of our clock a sample may lie. Default 10 min.</param>
public sealed record HeadOptions(TimeSpan Window, int MaxSeries, int MaxSeriesPerSource, TimeSpan MaxFuture)
{
    /// <summary>The defaults.</summary>
    public static readonly HeadOptions Default = new(TimeSpan.FromHours(2), 5_000_000, 500_000, TimeSpan.FromMinutes(10));
}

/// <summary>What became of a batch, in samples.</summary>
/// <param name="Appended">Now in the head.</param>
/// <param name="Duplicate">Were there already.</param>
/// <param name="OutOfOrder">Older than the newest of their series.</param>
/// <param name="TooOld">Older than the window.</param>
/// <param name="TooNew">Too far in the future; removed from the batch.</param>
/// <param name="LimitReached">Of new series beyond a limit; removed from the batch.</param>
/// <param name="BadTime">Of a time that cannot be (<see cref="SeriesBounds"/>); removed from the batch.</param>
/// <param name="BadLabels">Of new series with labels beyond their bounds; removed from the batch.</param>
/// <param name="MemoryShort">Of new series for which there was no memory; removed from the batch.</param>
/// <param name="NewSeries">Series that began.</param>
public readonly record struct AppendResult(
    int Appended, int Duplicate, int OutOfOrder, int TooOld, int TooNew, int LimitReached, int BadTime, int BadLabels, int MemoryShort,
    int NewSeries);

/// <summary>
/// The recent window of all series in memory: compressed chunks and an index of labels. One thread appends and truncates at a time
/// (guarded here); any number may select meanwhile.
/// </summary>
/// <param name="options">Its bounds.</param>
/// <param name="hasRoom">Whether there is memory for a new series; null is always. Asked for each, under a lock.</param>
public sealed class Head(HeadOptions options, Func<bool>? hasRoom = null) : ISeriesSource, IDisposable
{
    private readonly ReaderWriterLockSlim _indexLock = new();
    private readonly Lock _writeLock = new();
    private readonly LabelIndex _index = new();
    private readonly Dictionary<Labels, HeadSeries> _byLabels = [];
    private readonly Dictionary<string, SourceCount> _sources = [];
    private readonly Stack<int> _freeSlots = [];
    private HeadSeries?[] _bySlot = new HeadSeries?[256];
    private int _slotCount;

    /// <summary>The bounds it keeps.</summary>
    public HeadOptions Options => options;

    /// <summary>Series that it holds.</summary>
    public int SeriesCount => _byLabels.Count;

    /// <inheritdoc />
    public void Dispose() => _indexLock.Dispose();

    /// <summary>
    /// Since when it holds everything that came, milliseconds since 1970 UTC; never more than its window. 0 unless it could not be
    /// refilled.
    /// </summary>
    public long CompleteSince { get; set; }

    /// <summary>Series by source, and how many samples of new series the limit has refused there.</summary>
    public IReadOnlyList<(string Source, int Series, long Refused)> Sources
    {
        get
        {
            lock (_writeLock)
                return [.. _sources.Values.Select(s => (s.Name, s.Series, s.Refused))];
        }
    }

    /// <summary>Whether a series is here.</summary>
    public bool Contains(Labels labels)
    {
        lock (_writeLock)
            return _byLabels.ContainsKey(labels);
    }

    /// <summary>
    /// Takes a batch. Rows that nobody should keep (beyond a limit, or from the far future) are removed from it; rows that are merely too
    /// old or out of order stay in it for the store.
    /// </summary>
    /// <param name="batch">The samples.</param>
    /// <param name="now">Our clock, milliseconds since 1970 UTC.</param>
    /// <param name="latest">What others may take for now, where that is later; the future begins behind it.</param>
    public AppendResult Append(SampleBatch batch, long now, long latest = 0) =>
        Append(batch, now, Math.Max(now, latest), restored: false);

    /// <summary>
    /// Takes a batch of history at the start. No source's limit holds for it: whose a series is shows when its source sends it again.
    /// </summary>
    public AppendResult Refill(SampleBatch batch, long now) => Append(batch, now, now, restored: true);

    private AppendResult Append(SampleBatch batch, long now, long latest, bool restored)
    {
        Span<int> counts = stackalloc int[9];
        bool[]? keep = null;
        int before, newSeries;
        lock (_writeLock)
        {
            before = _byLabels.Count;
            long oldest = now - (long)options.Window.TotalMilliseconds;
            long newest = latest + (long)options.MaxFuture.TotalMilliseconds;
            SourceCount? source = null;
            ReadOnlySpan<Labels> series = batch.Series;
            ReadOnlySpan<long> times = batch.Times;
            ReadOnlySpan<double> values = batch.Values;
            for (int i = 0; i < series.Length; i++)
            {
                AppendOutcome outcome = AppendOutcome.TooNew;
                if (times[i] < SeriesBounds.MinTime)
                    outcome = AppendOutcome.BadTime;
                else if (times[i] < oldest)
                    outcome = IsKnown(series[i]) ? AppendOutcome.TooOld : OldOutcome(series[i]);
                else if (times[i] <= newest)
                    outcome = Find(series[i], batch.Source, restored, ref source, out AppendOutcome refused)?.Append(times[i], values[i])
                        ?? refused;
                counts[(int)outcome]++;
                if (outcome is AppendOutcome.LimitReached or AppendOutcome.TooNew or AppendOutcome.BadTime or AppendOutcome.BadLabels
                    or AppendOutcome.MemoryShort)
                    (keep ??= AllTrue(series.Length))[i] = false;
            }
            newSeries = _byLabels.Count - before;
        }
        if (keep is not null)
            batch.Keep(keep);
        return new AppendResult(
            counts[0], counts[1], counts[2], counts[3], counts[4], counts[5], counts[6], counts[7], counts[8], newSeries);
    }

    /// <summary>Drops what is older than the window, and series with nothing left.</summary>
    /// <param name="now">Our clock, milliseconds since 1970 UTC.</param>
    /// <param name="window">A shorter window than its own, for when memory is short; null is its own.</param>
    /// <returns>Number of series that were dropped.</returns>
    public int Truncate(long now, TimeSpan? window = null)
    {
        long before = now - (long)(window ?? options.Window).TotalMilliseconds;
        if (window < options.Window)
            CompleteSince = Math.Max(CompleteSince, before);
        lock (_writeLock)
        {
            List<(Labels Labels, int Slot)> gone = [];
            for (int slot = 0; slot < _slotCount; slot++)
            {
                if (_bySlot[slot] is { } series && !series.Truncate(before))
                    gone.Add((series.Labels, slot));
            }
            if (gone.Count == 0)
                return 0;
            _indexLock.EnterWriteLock();
            try
            {
                foreach ((Labels labels, int slot) in gone)
                {
                    SourceCount source = _bySlot[slot]!.Source;
                    if (--source.Series == 0 && source.Refused == 0)
                        _sources.Remove(source.Name);
                    _bySlot[slot] = null;
                    _byLabels.Remove(labels);
                    _freeSlots.Push(slot);
                }
                _index.Remove(gone);
            }
            finally
            {
                _indexLock.ExitWriteLock();
            }
            return gone.Count;
        }
    }

    /// <summary>The series that meet all conditions, in no order.</summary>
    public List<HeadSeries> Select(IReadOnlyList<LabelMatcher> matchers)
    {
        var selected = new List<HeadSeries>();
        _indexLock.EnterReadLock();
        try
        {
            IReadOnlyList<int>? candidates = _index.Candidates(matchers);
            int count = candidates?.Count ?? _slotCount;
            for (int i = 0; i < count; i++)
            {
                HeadSeries? series = _bySlot[candidates?[i] ?? i];
                if (series is not null && MatchesAll(series.Labels, matchers))
                    selected.Add(series);
            }
        }
        finally
        {
            _indexLock.ExitReadLock();
        }
        return selected;
    }

    IReadOnlyList<ISeries> ISeriesSource.Select(IReadOnlyList<LabelMatcher> matchers, long after, long to) => Select(matchers);

    /// <summary>The series with exactly these labels, or null.</summary>
    public HeadSeries? Find(Labels labels)
    {
        _indexLock.EnterReadLock();
        try
        {
            return _byLabels.GetValueOrDefault(labels);
        }
        finally
        {
            _indexLock.ExitReadLock();
        }
    }

    /// <summary>Every value of a label, sorted.</summary>
    public List<string> LabelValues(string name)
    {
        _indexLock.EnterReadLock();
        try
        {
            return [.. _index.Values(name).Order(StringComparer.Ordinal)];
        }
        finally
        {
            _indexLock.ExitReadLock();
        }
    }

    /// <summary>Every label name that some series has, sorted.</summary>
    public List<string> LabelNames()
    {
        _indexLock.EnterReadLock();
        try
        {
            return [.. _index.Names.Order(StringComparer.Ordinal)];
        }
        finally
        {
            _indexLock.ExitReadLock();
        }
    }

    /// <summary>What takes the room; of each list the first so many.</summary>
    public HeadStatistics Describe(int limit)
    {
        _indexLock.EnterReadLock();
        try
        {
            int chunks = 0;
            long oldest = long.MaxValue, newest = long.MinValue;
            for (int slot = 0; slot < _slotCount; slot++)
            {
                if (_bySlot[slot] is not { } series)
                    continue;
                chunks += series.ChunkCount;
                oldest = Math.Min(oldest, series.FirstTime);
                newest = Math.Max(newest, series.Last.Time);
            }
            List<(string Name, string Value, int Series)> pairs = [.. _index.Pairs()];
            return new HeadStatistics(
                SeriesCount, pairs.Count, chunks, oldest == long.MaxValue ? 0 : oldest, newest == long.MinValue ? 0 : newest,
                Top(pairs.Where(p => p.Name == Labels.MetricName).Select(p => KeyValuePair.Create(p.Value, (long)p.Series))),
                Top(pairs.GroupBy(p => p.Name).Select(g => KeyValuePair.Create(g.Key, g.LongCount()))),
                Top(pairs.GroupBy(p => p.Name)
                    .Select(g => KeyValuePair.Create(g.Key, g.Sum(p => (long)System.Text.Encoding.UTF8.GetByteCount(p.Value))))),
                Top(pairs.Select(p => KeyValuePair.Create($"{p.Name}={p.Value}", (long)p.Series))));
        }
        finally
        {
            _indexLock.ExitReadLock();
        }

        List<KeyValuePair<string, long>> Top(IEnumerable<KeyValuePair<string, long>> counts) =>
            [.. counts.OrderByDescending(c => c.Value).ThenBy(c => c.Key, StringComparer.Ordinal).Take(limit)];
    }

    private static bool MatchesAll(Labels labels, IReadOnlyList<LabelMatcher> matchers)
    {
        for (int i = 0; i < matchers.Count; i++)
        {
            if (!matchers[i].Matches(labels))
                return false;
        }
        return true;
    }

    private bool IsKnown(Labels labels)
    {
        int slot = labels.Slot;
        return (uint)slot < (uint)_bySlot.Length && _bySlot[slot] is { } known && ReferenceEquals(known.Labels, labels);
    }

    private HeadSeries? Find(Labels labels, string sourceName, bool restored, ref SourceCount? source, out AppendOutcome refused)
    {
        refused = default;
        int slot = labels.Slot;
        if ((uint)slot < (uint)_bySlot.Length && _bySlot[slot] is { } known && ReferenceEquals(known.Labels, labels))
            return known;
        if (!_byLabels.TryGetValue(labels, out HeadSeries? series))
            return Create(labels, sourceName, restored, ref source, out refused);
        if (!restored && series.Source.IsRestored)
            Adopt(series, sourceName, ref source);
        // The source has made new labels for a series that we know; from now on these are the ones that are found at once.
        slot = series.Labels.Slot;
        _indexLock.EnterWriteLock();
        try
        {
            _byLabels.Remove(labels);
            labels.Slot = slot;
            series.Labels = labels;
            _byLabels.Add(labels, series);
        }
        finally
        {
            _indexLock.ExitWriteLock();
        }
        return series;
    }

    private SourceCount SourceOf(string name, ref SourceCount? source)
    {
        if (source is not null)
            return source;
        ref SourceCount? entry = ref CollectionsMarshal.GetValueRefOrAddDefault(_sources, name, out _);
        return source = entry ??= new SourceCount(name);
    }

    /// <summary>A series that came from the store is sent again: now it is known whose it is.</summary>
    private void Adopt(HeadSeries series, string sourceName, ref SourceCount? source)
    {
        SourceCount owner = SourceOf(sourceName, ref source);
        series.Source.Series--;
        owner.Series++;
        series.Source = owner;
    }

    /// <summary>What is too old goes to the store, which remembers its series: of such as are not here only while there is room.</summary>
    private AppendOutcome OldOutcome(Labels labels) =>
        SeriesBounds.Fault(labels) is not null ? AppendOutcome.BadLabels
        : _byLabels.ContainsKey(labels) || hasRoom?.Invoke() != false ? AppendOutcome.TooOld
        : AppendOutcome.MemoryShort;

    private HeadSeries? Create(
        Labels labels, string sourceName, bool restored, ref SourceCount? source, out AppendOutcome refused)
    {
        refused = AppendOutcome.BadLabels;
        if (SeriesBounds.Fault(labels) is not null)
            return null;
        refused = AppendOutcome.LimitReached;
        SourceOf(sourceName, ref source);
        source!.IsRestored |= restored;
        if ((!restored && source.Series >= options.MaxSeriesPerSource) || _byLabels.Count >= options.MaxSeries)
        {
            source.Refused++;
            return null;
        }
        refused = AppendOutcome.MemoryShort;
        // What was there before a restart is nothing new.
        if (!restored && hasRoom?.Invoke() == false)
            return null;
        _indexLock.EnterWriteLock();
        try
        {
            if (!_freeSlots.TryPop(out int slot))
            {
                // Grown before it is counted: memory may be short.
                if (_slotCount == _bySlot.Length)
                    Array.Resize(ref _bySlot, _slotCount * 2);
                slot = _slotCount++;
            }
            var series = new HeadSeries(labels, source);
            labels.Slot = slot;
            _bySlot[slot] = series;
            _byLabels.Add(labels, series);
            _index.Add(labels, slot);
            source.Series++;
            return series;
        }
        finally
        {
            _indexLock.ExitWriteLock();
        }
    }

    private static bool[] AllTrue(int length)
    {
        var all = new bool[length];
        Array.Fill(all, true);
        return all;
    }
}
