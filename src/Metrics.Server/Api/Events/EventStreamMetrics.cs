using Metrics.Telemetry;

namespace Metrics.Api.Events;

/// <summary>Who follows events, and who is too slow for it.</summary>
internal sealed class EventStreamMetrics(MetricRegistry registry) : OwnMetrics(registry)
{
    public Gauge Clients { get; } = registry.Gauge("metricsd_event_stream_clients", "Clients that follow events.");

    public Counter Dropped { get; } = registry.Counter(
        "metricsd_event_stream_dropped_total", "How often a client that follows events was too slow and missed some.");
}
