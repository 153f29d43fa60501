using Metrics.Model;
using Metrics.Scheduling;
using Metrics.Series;

namespace Metrics.Intake;

/// <summary>Puts samples into the head and what is told of their metrics into its table; says what the head did not take.</summary>
internal sealed class HeadStage(Head head, MetadataTable metadata, IntakeMetrics metrics, TimeProvider time) : IIntakeStage
{
    /// <summary>Why samples are taken out of their batch: nothing behind the head meets them.</summary>
    public static IReadOnlyList<string> Removing { get; } = ["too_new", "series_limit", "bad_timestamp", "bad_labels", "memory"];

    public void Take(SampleWork work)
    {
        SampleBatch batch = work.Batch;
        metrics.SamplesReceived.Inc(batch.Count);
        foreach ((string name, MetricMetadata described) in batch.Metadata)
            metadata.Set(name, described);
        DateTimeOffset now = time.GetUtcNow();
        AppendResult result = head.Append(
            batch, now.ToUnixTimeMilliseconds(), (now - SteadyClock.AheadOf(time)).ToUnixTimeMilliseconds());
        metrics.SamplesAppended.Inc(result.Appended);
        CountRefused("duplicate", result.Duplicate);
        CountRefused("out_of_order", result.OutOfOrder);
        CountRefused("too_old", result.TooOld);
        CountRefused("too_new", result.TooNew);
        CountRefused("series_limit", result.LimitReached);
        CountRefused("bad_timestamp", result.BadTime);
        CountRefused("bad_labels", result.BadLabels);
        CountRefused("memory", result.MemoryShort);
        work.Appended?.TrySetResult(result);
    }

    private void CountRefused(string reason, int samples)
    {
        if (samples > 0)
            metrics.SamplesNotAppended.WithLabels(reason).Inc(samples);
    }
}
