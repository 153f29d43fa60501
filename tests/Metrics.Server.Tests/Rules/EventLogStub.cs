using System.Runtime.CompilerServices;
using Metrics.Model;
using Metrics.Storage;
using Metrics.Storage.Events;

namespace Metrics.Tests.Rules;

/// <summary>An event log in memory that takes its time, or fails, when it is told to.</summary>
internal sealed class EventLogStub : IEventLog, IEventSource
{
    private readonly Lock _lock = new();
    private readonly List<Event> _events = [];
    private int _broken;
    private int _reads;
    private long _last;

    /// <summary>What writing waits for.</summary>
    public Task Writing { get; set; } = Task.CompletedTask;

    /// <summary>What reading waits for.</summary>
    public Task Reading { get; set; } = Task.CompletedTask;

    /// <summary>How often reading fails yet.</summary>
    public int Broken
    {
        get => Volatile.Read(ref _broken);
        set => Volatile.Write(ref _broken, value);
    }

    /// <summary>How often reading was begun.</summary>
    public int Reads => Volatile.Read(ref _reads);

    public string Description => "the stub";

    public int Count
    {
        get
        {
            lock (_lock)
                return _events.Count;
        }
    }

    public void Number(EventBatch batch)
    {
        foreach (ref long id in batch.Ids)
            id = ++_last;
    }

    public async Task WriteAsync(IReadOnlyList<EventBatch> batches, CancellationToken ct)
    {
        await Writing;
        lock (_lock)
            _events.AddRange(batches.SelectMany(b => Enumerable.Range(0, b.Count).Select(b.ToEvent)));
    }

    public async IAsyncEnumerable<EventBatch> ReadAsync(
        IReadOnlySet<string>? kinds, long from, long to, [EnumeratorCancellation] CancellationToken ct)
    {
        Interlocked.Increment(ref _reads);
        await Reading.WaitAsync(ct);
        if (Broken > 0)
        {
            Broken--;
            throw new StoreException("The stub cannot be read.");
        }
        var batch = new EventBatch("log");
        lock (_lock)
        {
            foreach (Event one in _events.Where(e => kinds?.Contains(e.Kind) != false && e.Time >= from && e.Time <= to))
                batch.Add(one);
        }
        yield return batch;
    }
}
