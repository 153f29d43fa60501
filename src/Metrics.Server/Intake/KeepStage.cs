using Metrics.Configuration;
using Metrics.Model;
using Metrics.Storage.Events;
using Metrics.Telemetry;

namespace Metrics.Intake;

/// <summary>
/// Takes out what the event log is not to keep (<c>events.store</c>), after counters and rules have seen it. How far the sources have been
/// read stays with the batch, and is committed as ever.
/// </summary>
internal sealed class KeepStage(Current<EventLogOptions> options, IntakeMetrics metrics) : IIntakeStage
{
    /// <summary>Why events are taken out: nothing behind this meets them.</summary>
    public static IReadOnlyList<string> Reasons { get; } = ["plain_line", "line"];

    private readonly Counter _plainLines = metrics.EventsNotStored.WithLabels("plain_line");
    private readonly Counter _lines = metrics.EventsNotStored.WithLabels("line");
    private bool[] _keep = [];

    /// <summary>When the newest was that was taken out as a plain line, and as any line, milliseconds since 1970 UTC.</summary>
    private long _newestPlain = long.MinValue;
    private long _newestLine = long.MinValue;

    /// <summary>When the newest was that was taken out of these kinds, milliseconds since 1970 UTC; any thread may ask.</summary>
    /// <param name="kinds">The kinds; null is any.</param>
    public long NewestTakenOut(IReadOnlySet<string>? kinds)
    {
        long line = Volatile.Read(ref _newestLine);
        return kinds?.Contains(EventKinds.Log) == false ? line : Math.Max(line, Volatile.Read(ref _newestPlain));
    }

    public ValueTask TakeAsync(EventWork work)
    {
        EventBatch batch = work.Batch;
        switch (options.Value.Store)
        {
            case StoredEvents.Parsed when !batch.IsPushed:
                TakeOut(batch, LogLine.IsPlain, _plainLines, ref _newestPlain);
                break;
            case StoredEvents.Counts:
                TakeOut(batch, LogLine.Is, _lines, ref _newestLine);
                break;
        }
        return ValueTask.CompletedTask;
    }

    private void TakeOut(EventBatch batch, Func<EventBatch, int, bool> isTakenOut, Counter counter, ref long newest)
    {
        if (_keep.Length < batch.Count)
            _keep = new bool[batch.Count];
        int taken = 0;
        long latest = long.MinValue;
        for (int row = 0; row < batch.Count; row++)
        {
            _keep[row] = !isTakenOut(batch, row);
            if (_keep[row])
                continue;
            taken++;
            latest = Math.Max(latest, batch.MomentMillisecondsOf(row));
        }
        if (taken == 0)
            return;
        batch.Keep(_keep);
        batch.Trim();
        counter.Inc(taken);
        Volatile.Write(ref newest, Math.Max(newest, latest));
    }
}
