using Metrics.Model;
using Metrics.Series;
using Metrics.Storage;
using Metrics.Storage.Events;
using Metrics.Storage.State;

namespace Metrics.Intake;

/// <summary>Opens state, event log and store and fills the head before anything else starts, so that a restart forgets nothing.</summary>
internal sealed partial class HeadLoader(
    Head head, ISampleStore store, EventLog events, StateStore state, TimeProvider time, ILogger<HeadLoader> log,
        EventCopies? copies = null)
{
    /// <exception cref="StoreException">State, event log or store cannot be used.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        state.Prepare();
        events.Open();
        copies?.Open();
        await store.OpenAsync(cancellationToken);
        long start = time.GetTimestamp();
        long now = time.GetUtcNow().ToUnixTimeMilliseconds();
        long samples = 0, reported = 0;
        try
        {
            await foreach (SampleBatch batch in store.ReadAsync(
                [], now - (long)head.Options.Window.TotalMilliseconds, now, cancellationToken))
            {
                using (batch)
                    samples += head.Refill(batch, now).Appended;
                if (samples - reported >= 10_000_000)
                {
                    reported = samples;
                    LogProgress(samples);
                }
            }
            head.CompleteSince = 0;
            LogRefilled(store.Description, samples, head.SeriesCount, time.GetElapsedTime(start).TotalSeconds);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // History that cannot be read now must not keep us from watching.
            head.CompleteSince = now;
            LogNotRefilled(store.Description, e.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Refilling the head: {Samples} samples so far")]
    private partial void LogProgress(long samples);

    [LoggerMessage(
        Level = LogLevel.Information, Message = "Refilled the head from {Store}: {Samples} samples of {Series} series in {Seconds:0.0} s")]
    private partial void LogRefilled(string store, long samples, int series, double seconds);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The head is not refilled: {Store} cannot be read: {Reason}")]
    private partial void LogNotRefilled(string store, string reason);
}
