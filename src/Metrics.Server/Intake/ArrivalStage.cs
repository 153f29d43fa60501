using Metrics.Model;

namespace Metrics.Intake;

/// <summary>Tells those who asked for it, the rules above all, that something has arrived. They must not keep the batch.</summary>
internal sealed class ArrivalStage : IIntakeStage
{
    private readonly List<Action<SampleBatch>> _samples = [];
    private readonly List<Action<EventBatch>> _events = [];

    public void Add(Action<SampleBatch> callback) => _samples.Add(callback);

    public void Add(Action<EventBatch> callback) => _events.Add(callback);

    public void Take(SampleWork work)
    {
        foreach (Action<SampleBatch> callback in _samples)
            callback(work.Batch);
    }

    public ValueTask TakeAsync(EventWork work)
    {
        foreach (Action<EventBatch> callback in _events)
            callback(work.Batch);
        return ValueTask.CompletedTask;
    }
}
