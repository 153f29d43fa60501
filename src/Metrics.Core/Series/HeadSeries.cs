using System.Runtime.CompilerServices;
using Metrics.Model;

namespace Metrics.Series;

/// <summary>One series of the head: its labels and its recent samples. The head appends; anybody may read.</summary>
/// <remarks>It locks on itself: a lock object of its own would be the largest thing in a quiet series.</remarks>
public sealed class HeadSeries : ISeries
{
    private XorChunk[] _sealed = [];
    private XorChunk? _open;

    internal HeadSeries(Labels labels, SourceCount source)
    {
        Labels = labels;
        Source = source;
    }

    /// <summary>Its labels.</summary>
    public Labels Labels { get; internal set; }

    /// <summary>Who brought it first; its cardinality limit counts there.</summary>
    internal SourceCount Source { get; set; }

    /// <summary>The newest sample; its time is <see cref="long.MinValue"/> before the first.</summary>
    public Sample Last
    {
        get
        {
            lock (this)
                return Newest is { } chunk ? new Sample(chunk.LastTime, chunk.LastValue) : new Sample(long.MinValue, 0);
        }
    }

    private XorChunk? Newest => _open ?? (_sealed.Length > 0 ? _sealed[^1] : null);

    internal AppendOutcome Append(long time, double value)
    {
        lock (this)
        {
            if (Newest is { } newest && time <= newest.LastTime)
            {
                bool same = time == newest.LastTime
                    && BitConverter.DoubleToInt64Bits(value) == BitConverter.DoubleToInt64Bits(newest.LastValue);
                return same ? AppendOutcome.Duplicate : AppendOutcome.OutOfOrder;
            }
            if (_open is null || !_open.TryAppend(time, value))
            {
                if (_open is not null)
                {
                    _open.Seal();
                    _sealed = [.. _sealed, _open];
                }
                _open = new XorChunk();
                _open.TryAppend(time, value);
            }
            return AppendOutcome.Appended;
        }
    }

    /// <summary>Drops chunks that end before a time.</summary>
    /// <returns>Whether anything is left.</returns>
    internal bool Truncate(long before)
    {
        lock (this)
        {
            if (_sealed.Length > 0 && _sealed[0].LastTime < before)
                _sealed = Array.FindAll(_sealed, c => c.LastTime >= before);
            if (_open is not null && _open.LastTime < before)
                _open = null;
            return _open is not null || _sealed.Length > 0;
        }
    }

    /// <summary>Time of the oldest sample that it holds; <see cref="long.MaxValue"/> when it holds none.</summary>
    public long FirstTime
    {
        get
        {
            lock (this)
                return _sealed.Length > 0 ? _sealed[0].FirstTime : _open?.FirstTime ?? long.MaxValue;
        }
    }

    /// <summary>Chunks that it holds.</summary>
    public int ChunkCount
    {
        get
        {
            lock (this)
                return _sealed.Length + (_open is null ? 0 : 1);
        }
    }

    /// <inheritdoc />
    public void Read(long after, long to, SampleBuffer into)
    {
        (XorChunk[] older, XorChunk? open) = Chunks();
        foreach (XorChunk chunk in older)
            Read(chunk, after, to, into);
        if (open is not null)
            Read(open, after, to, into);
    }

    /// <inheritdoc />
    public bool TryLast(long at, long after, out Sample sample)
    {
        sample = Last;
        if (sample.Time > at)
            sample = FindLast(at);
        return sample.Time > after && !StaleMarker.Is(sample.Value);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Read(XorChunk chunk, long after, long to, SampleBuffer into)
    {
        if (chunk.LastTime <= after || chunk.FirstTime > to)
            return;
        XorReader reader = chunk.Read();
        while (reader.MoveNext() && reader.Time <= to)
        {
            if (reader.Time > after)
                into.Add(reader.Time, reader.Value);
        }
    }

    private Sample FindLast(long at)
    {
        (XorChunk[] older, XorChunk? open) = Chunks();
        XorChunk? chunk = open is not null && open.FirstTime <= at ? open : Array.FindLast(older, c => c.FirstTime <= at);
        var last = new Sample(long.MinValue, 0);
        if (chunk is null)
            return last;
        XorReader reader = chunk.Read();
        while (reader.MoveNext() && reader.Time <= at)
            last = reader.Current;
        return last;
    }

    private (XorChunk[] Older, XorChunk? Open) Chunks()
    {
        lock (this)
            return (_sealed, _open);
    }
}

/// <summary>What became of a sample that was offered to the head.</summary>
public enum AppendOutcome
{
    /// <summary>It is in.</summary>
    Appended,

    /// <summary>The same time and value are in already; nothing is lost.</summary>
    Duplicate,

    /// <summary>The series has a newer sample, or another at that time. History (the store) may still take it.</summary>
    OutOfOrder,

    /// <summary>It is older than the head's window. History may still take it.</summary>
    TooOld,

    /// <summary>Its time lies too far in the future to be true; nobody takes it.</summary>
    TooNew,

    /// <summary>It would begin a series beyond a limit; nobody takes it.</summary>
    LimitReached,

    /// <summary>Its time is none that a store could hold (<see cref="SeriesBounds.MinTime"/>); nobody takes it.</summary>
    BadTime,

    /// <summary>It would begin a series whose labels are beyond <see cref="SeriesBounds"/>; nobody takes it.</summary>
    BadLabels,

    /// <summary>It would begin a series for which there is no memory; nobody takes it.</summary>
    MemoryShort,
}

/// <summary>How many series a source has in the head.</summary>
internal sealed class SourceCount(string name)
{
    public string Name { get; } = name;

    public int Series;

    public long Refused;

    /// <summary>Whether its series came from the store, and their true source is not known yet.</summary>
    public bool IsRestored;
}
