using Metrics.Configuration;
using Metrics.Model;
using Metrics.Storage.Samples.Influx;

namespace Metrics.Storage.Events;

/// <summary>
/// Copies of events for InfluxDB (<c>events.influx</c>). They go by a spool of their own, so that a server that is slow or away holds
/// nothing up; the event log stays the truth, and a copy that the spool cannot take is counted and given up.
/// </summary>
internal sealed class EventCopies(
    InfluxOptions options, string dataFolder, InfluxMetrics metrics, TimeProvider time, ILogger<EventCopies> log) : IAsyncDisposable
{
    private readonly InfluxSender _sender = new(options, InfluxFlow.Events(dataFolder, metrics), metrics, time, log);
    private readonly EventLines _lines = new();

    /// <exception cref="StoreException">The spool cannot be used.</exception>
    public void Open() => _sender.Open();

    /// <summary>Takes what the event log has committed. One thread at a time.</summary>
    public void Add(IReadOnlyList<EventBatch> batches)
    {
        foreach ((byte[] body, int lines) in _lines.Write(batches, options.BatchLines, options.BatchBytes))
            _sender.SpoolOrDrop(body, lines);
    }

    public ValueTask DisposeAsync() => _sender.DisposeAsync();
}
