using Metrics.Intake;
using Metrics.Model;
using Metrics.Series;
using Metrics.Storage;

namespace Metrics.Inputs;

/// <summary>The way from one input into the intake, with counts.</summary>
/// <param name="intake">The pipeline.</param>
/// <param name="counters">The input's counts.</param>
/// <param name="ready">Called when the input says that it takes in.</param>
/// <param name="time">The clock.</param>
internal sealed class InputSink(IntakePipeline intake, InputCounters counters, Action<string> ready, TimeProvider time) : IInputSink
{
    public InputCounters Counters => counters;

    public void Ready(string detail) => ready(detail);

    public async ValueTask WriteAsync(EventBatch batch, CancellationToken ct)
    {
        int count = batch.Count;
        await intake.WriteAsync(batch, ct);
        Count(count);
    }

    public async Task CommitAsync(EventBatch batch, CancellationToken ct)
    {
        int count = batch.Count;
        try
        {
            await intake.CommitAsync(batch, ct);
        }
        catch (StoreException)
        {
            counters.Add(InputError.NotStored, count);
            throw;
        }
        Count(count);
    }

    public async Task<AppendResult> CommitAsync(SampleBatch batch, CancellationToken ct)
    {
        int count = batch.Count;
        try
        {
            AppendResult result = await intake.CommitAsync(batch, ct);
            Count(count);
            return result;
        }
        catch (StoreException)
        {
            counters.Add(InputError.NotStored, count);
            throw;
        }
    }

    private void Count(int count) => counters.AddEvents(count, time.GetUtcNow().ToUnixTimeMilliseconds());
}
