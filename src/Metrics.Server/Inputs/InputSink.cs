using Metrics.Intake;
using Metrics.Model;
using Metrics.Series;
using Metrics.Storage;

namespace Metrics.Inputs;

/// <summary>The way from one input into the intake, with counts.</summary>
/// <param name="name">The input's.</param>
/// <param name="intake">The pipeline.</param>
/// <param name="counters">The input's counts.</param>
/// <param name="ready">Called when the input says that it takes in.</param>
/// <param name="time">The clock.</param>
internal sealed class InputSink(
    string name, IntakePipeline intake, InputCounters counters, Action<string> ready, TimeProvider time) : IInputSink
{
    public InputCounters Counters => counters;

    public void Ready(string detail) => ready(detail);

    public async ValueTask WriteAsync(EventBatch batch, CancellationToken ct)
    {
        int count = batch.Count;
        batch.Account(name, time.GetUnixNanoseconds());
        try
        {
            await intake.WriteAsync(batch, ct);
        }
        catch (OperationCanceledException)
        {
            batch.Dispose();
            counters.Add(InputDrop.Abandoned, count);
            throw;
        }
        Count(count);
    }

    public async ValueTask<Task> SubmitAsync(EventBatch batch, CommitOrder? order, CancellationToken ct)
    {
        int count = batch.Count;
        batch.Account(name, time.GetUnixNanoseconds());
        return CountAsync(await intake.SubmitAsync(batch, order, ct), count);
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

    private async Task CountAsync(Task committed, int count)
    {
        try
        {
            await committed;
        }
        catch (StoreException)
        {
            counters.Add(InputError.NotStored, count);
            throw;
        }
        Count(count);
    }

    private void Count(int count) => counters.AddEvents(count, time.GetUtcNow().ToUnixTimeMilliseconds());
}
