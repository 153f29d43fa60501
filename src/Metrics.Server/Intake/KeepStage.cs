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

    public ValueTask TakeAsync(EventWork work)
    {
        EventBatch batch = work.Batch;
        switch (options.Value.Store)
        {
            case StoredEvents.Parsed when !batch.IsPushed:
                TakeOut(batch, LogLine.IsPlain, _plainLines);
                break;
            case StoredEvents.Counts:
                TakeOut(batch, LogLine.Is, _lines);
                break;
        }
        return ValueTask.CompletedTask;
    }

    private void TakeOut(EventBatch batch, Func<EventBatch, int, bool> isTakenOut, Counter counter)
    {
        if (_keep.Length < batch.Count)
            _keep = new bool[batch.Count];
        int taken = 0;
        for (int row = 0; row < batch.Count; row++)
        {
            _keep[row] = !isTakenOut(batch, row);
            taken += _keep[row] ? 0 : 1;
        }
        if (taken == 0)
            return;
        batch.Keep(_keep);
        batch.Trim();
        counter.Inc(taken);
    }
}
