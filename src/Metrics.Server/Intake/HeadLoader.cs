using Metrics.Intake.Marks;
using Metrics.Intake.Templates;
using Metrics.Model;
using Metrics.Series;
using Metrics.Storage;
using Metrics.Storage.Events;
using Metrics.Storage.State;

namespace Metrics.Intake;

/// <summary>Opens state, event log and store and fills the head before anything else starts, so that a restart forgets nothing.</summary>
internal sealed partial class HeadLoader(
    Head head, ISampleStore store, EventLog events, TemplateStage templates, MarkStage marks, LogCounts counts, StateStore state,
    TimeProvider time, ILogger<HeadLoader> log, EventCopies? copies = null)
{
    /// <summary>Samples in a row that are none to the head: a store that gives nothing else has nothing to tell.</summary>
    private const int MaxUseless = 5_000_000;

    /// <summary>What a batch without a sample counts as.</summary>
    private const int EmptyBatch = 10;

    /// <summary>However much history there is, watching begins.</summary>
    private static readonly TimeSpan s_longest = TimeSpan.FromMinutes(5);

    /// <exception cref="StoreException">State, event log or store cannot be used.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        state.Prepare();
        events.Open();
        templates.Load(await events.PositionsAsync(StoredTemplate.Source, cancellationToken));
        marks.Load(await events.PositionsAsync(FirstChange.Source, cancellationToken));
        counts.Load(await events.PositionsAsync(DetectorLooks.Source, cancellationToken));
        copies?.Open();
        await store.OpenAsync(cancellationToken);
        long start = time.GetTimestamp();
        long now = time.GetUtcNow().ToUnixTimeMilliseconds();
        long samples = 0, reported = 0, useless = 0, refused = 0;
        using var late = new CancellationTokenSource(s_longest, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        try
        {
            await foreach (SampleBatch batch in store.ReadAsync(
                [], now - (long)head.Options.Window.TotalMilliseconds, now, either.Token))
            {
                using (batch)
                {
                    AppendResult result = head.Refill(batch, now);
                    int appended = result.Appended;
                    refused += result.LimitReached + result.MemoryShort;
                    samples += appended;
                    useless = appended > 0 ? 0 : useless + Math.Max(batch.Count, EmptyBatch);
                }
                if (useless > MaxUseless)
                    throw new StoreException("it gives the same again and again.");
                if (samples - reported >= 10_000_000)
                {
                    reported = samples;
                    LogProgress(samples);
                }
            }
            // What found no place is asked of the store.
            head.CompleteSince = refused > 0 ? now : 0;
            LogRefilled(store.Description, samples, head.SeriesCount, time.GetElapsedTime(start).TotalSeconds);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            // History that cannot be read now must not keep us from watching; queries look for it in the store when they need it.
            head.CompleteSince = now;
            LogNotRefilled(
                store.Description, e is OperationCanceledException ? $"it was not through after {Duration.Format(s_longest)}" : e.Message);
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
