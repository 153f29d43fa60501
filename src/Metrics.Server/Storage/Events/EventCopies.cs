using Metrics.Configuration;
using Metrics.Model;
using Metrics.Storage.Samples.Influx;

namespace Metrics.Storage.Events;

/// <summary>
/// Copies of events for InfluxDB (<c>events.influx</c>). They go by a spool of their own, so that a server that is slow or away holds
/// nothing up; the event log stays the truth, and a copy that the spool cannot take is counted and given up.
/// </summary>
internal sealed partial class EventCopies(
    InfluxOptions options, string dataFolder, InfluxMetrics metrics, TimeProvider time, ILogger<EventCopies> log) : IAsyncDisposable
{
    private readonly InfluxSender _sender = new(options, InfluxFlow.Events(dataFolder, metrics), metrics, time, log);
    private readonly EventLines _lines = new();
    private bool _failing;

    /// <exception cref="StoreException">The spool cannot be used.</exception>
    public void Open() => _sender.Open();

    /// <summary>Takes what the event log has committed. One thread at a time.</summary>
    public void Add(IReadOnlyList<EventBatch> batches)
    {
        foreach ((byte[] body, int lines) in _lines.Write(batches, options.BatchLines, options.BatchBytes))
        {
            try
            {
                _sender.Spool(body, lines);
                _failing = false;
            }
            catch (StoreException e)
            {
                metrics.EventCopiesDropped.WithLabels("spool_unwritable").Inc(lines);
                if (!_failing)
                    LogLost(e.Message);
                _failing = true;
            }
        }
    }

    public ValueTask DisposeAsync() => _sender.DisposeAsync();

    [LoggerMessage(Level = LogLevel.Warning, Message = "Copies of events are lost: {Reason}")]
    private partial void LogLost(string reason);
}
