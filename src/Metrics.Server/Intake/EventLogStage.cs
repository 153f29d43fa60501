using Metrics.Model;
using Metrics.Storage.Events;

namespace Metrics.Intake;

/// <summary>Gives events their place in the event log, so that rules and whoever reads it later name them alike.</summary>
internal sealed class EventLogStage(IEventLog log, IntakeMetrics metrics, TimeProvider time) : IIntakeStage
{
    public ValueTask TakeAsync(EventWork work)
    {
        metrics.EventsReceived.Inc(work.Batch.Count);
        EventCuts cuts = work.Batch.Cuts;
        CountCut("body", cuts.Bodies);
        CountCut("value", cuts.Values);
        CountCut("field", cuts.Fields);
        CountCut("time", cuts.Times);
        foreach (Exception fault in work.Batch.Faults)
            metrics.Faults.Note("formats", fault, time);
        log.Number(work.Batch);
        return ValueTask.CompletedTask;
    }

    private void CountCut(string part, int count)
    {
        if (count > 0)
            metrics.EventsCut.WithLabels(part).Inc(count);
    }
}
