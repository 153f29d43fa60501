using Metrics.Model;

namespace Metrics.Pollers;

/// <summary>Where a poller puts the samples of one poll; adds the target's own labels and the poll's time.</summary>
internal sealed class SampleSink(TargetSeries series, SampleBatch batch, long time, Func<Labels, bool>? hasRoom = null)
{
    /// <summary>Samples of new series for which there was no memory.</summary>
    public int NoRoom { get; private set; }

    /// <summary>Time of the poll, milliseconds since 1970 UTC.</summary>
    public long Time => time;

    /// <summary>Samples added so far.</summary>
    public int Count => batch.Count;

    /// <summary>Samples that the target gave, also where the poll failed then; null where none are dropped on the way.</summary>
    public int? Given { get; set; }

    /// <summary>Those of them that were not dropped.</summary>
    public int? Kept { get; set; }

    /// <summary>Names of metrics that nobody wants; nothing of them is added.</summary>
    public IReadOnlySet<string>? Unwanted { get; set; }

    /// <summary>The target's memory of its series.</summary>
    public TargetSeries Series => series;

    /// <summary>The batch itself, for pollers that know their series' labels already.</summary>
    public SampleBatch Batch => batch;

    /// <summary>Adds a sample that is true now.</summary>
    /// <param name="metric">The metric as declared.</param>
    /// <param name="value">Its value.</param>
    /// <param name="labelValues">Values of the metric's label names, in their order.</param>
    public void Add(Metric metric, double value, params ReadOnlySpan<string> labelValues) => AddAt(metric, time, value, labelValues);

    /// <summary>Adds a sample of a series whose labels a poller keeps.</summary>
    /// <param name="metric">The metric as declared.</param>
    /// <param name="value">Its value.</param>
    /// <param name="own">What <see cref="Metric.Series"/> gave, or what this gave before.</param>
    /// <param name="at">When it was true; null is now.</param>
    /// <returns>The labels as stored; keeping these in place of one's own keeps them once.</returns>
    public Labels AddSeries(Metric metric, double value, Labels own, long? at = null)
    {
        if (Unwanted?.Contains(metric.Name) == true)
            return own;
        if (series.IsNewMetric(metric.Name))
            batch.Describe(metric.Name, metric.Metadata);
        Labels stored = series.Seen(own);
        batch.Add(stored, at ?? time, value);
        return stored;
    }

    /// <summary>Whether there is memory for a series that the target has not given lately; else its sample is counted as refused.</summary>
    /// <param name="stored">Its labels as stored: one that the head still has is nothing new.</param>
    public bool HasRoomFor(Labels stored)
    {
        if (hasRoom?.Invoke(stored) != false)
            return true;
        NoRoom++;
        return false;
    }

    /// <summary>Says that a series has not ended, though this poll has no new sample of it.</summary>
    public void Keep(Labels own) => series.Seen(own);

    /// <summary>Adds a sample that was true at another time.</summary>
    public void AddAt(Metric metric, long at, double value, params ReadOnlySpan<string> labelValues)
    {
        if (Unwanted?.Contains(metric.Name) != true)
            AddSeries(metric, value, metric.Series(labelValues), at);
    }
}
