using Metrics.Telemetry;

namespace Metrics.Inputs.Forward;

/// <summary>How the nodes fare that forward to this centre.</summary>
internal sealed class ForwardNodeMetrics(MetricRegistry registry) : OwnMetrics(registry)
{
    public Labelled<Gauge> LastSeen { get; } = registry.Gauge(
        "metricsd_forward_node_last_seen_timestamp_seconds", "When a node was last heard of, also before the last restart.", "node");

    public Labelled<Gauge> Lag { get; } = registry.Gauge(
        "metricsd_forward_node_lag_seconds",
        "How long the oldest of a node's events, or samples, that is not sent has waited, as the node said last.", "node", "what");

    public Labelled<Counter> Events { get; } =
        registry.Counter("metricsd_forward_node_events_total", "Events of a node that were stored.", "node");

    public Labelled<Counter> Conflicts { get; } = registry.Counter(
        "metricsd_forward_node_conflicts_total", "Requests of another machine that sends by the name of a node, which were refused.",
        "node");

    /// <summary>Shows what a node said last.</summary>
    public void Show(ForwardNode node)
    {
        LastSeen.WithLabels(node.Name).Set(node.SeenAt / 1000.0);
        Lag.WithLabels(node.Name, "events").Set(node.Lag.Events);
        Lag.WithLabels(node.Name, "samples").Set(node.Lag.Samples);
    }

    /// <summary>Shows nothing of a node.</summary>
    public void Hide(string node)
    {
        LastSeen.Remove(node);
        Lag.Remove(node, "events");
        Lag.Remove(node, "samples");
    }

    /// <summary>Counts nothing of a node any more.</summary>
    public void Forget(string node)
    {
        Hide(node);
        Events.Remove(node);
        Conflicts.Remove(node);
    }
}
