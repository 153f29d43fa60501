using Metrics.Model;

namespace Metrics.Pollers.Host;

/// <summary>
/// Network bridges and their ports: up or down, number of ports, forwarding state of each. A bridge going down cuts instances off.
/// </summary>
/// <remarks>
/// Source: <c>/sys/class/net/*/{bridge,brif}</c>, kernel Documentation/networking/bridge.rst. Port states: 0 disabled, 1 listening, 2
/// learning, 3 forwarding, 4 blocking.
/// </remarks>
internal sealed class BridgePoller(HostFiles files) : IPoller
{
    private static readonly Metric s_up = Metric.Gauge("node_bridge_up", "1 if the bridge's operstate is 'up', 0 otherwise.", "bridge");
    private static readonly Metric s_ports = Metric.Gauge("node_bridge_ports", "Number of ports of the bridge.", "bridge");
    private static readonly Metric s_portUp =
        Metric.Gauge("node_bridge_port_up", "1 if the port's operstate is 'up' or 'unknown' with carrier, 0 otherwise.", "bridge", "port");
    private static readonly Metric s_portState =
        Metric.Gauge("node_bridge_port_state", "State of the port: 0 disabled, 1 listening, 2 learning, 3 forwarding, 4 blocking.",
            "bridge", "port");

    public ValueTask PollAsync(SampleSink sink, CancellationToken ct)
    {
        foreach (string bridge in HostFiles.Entries(files.Sys("class/net"))
            .Where(d => Directory.Exists(files.Sys($"class/net/{d}/bridge"))))
        {
            sink.Add(s_up, HostFiles.TryText(files.Sys($"class/net/{bridge}/operstate")) == "up" ? 1 : 0, bridge);
            var ports = HostFiles.Entries(files.Sys($"class/net/{bridge}/brif")).ToList();
            sink.Add(s_ports, ports.Count, bridge);
            foreach (string port in ports)
            {
                string folder = files.Sys($"class/net/{port}");
                string? state = HostFiles.TryText(Path.Combine(folder, "operstate"));
                bool up = state == "up" || (state == "unknown" && HostFiles.TryText(Path.Combine(folder, "carrier")) == "1");
                sink.Add(s_portUp, up ? 1 : 0, bridge, port);
                if (HostFiles.TryNumber(Path.Combine(folder, "brport/state")) is { } forwarding)
                    sink.Add(s_portState, forwarding, bridge, port);
            }
        }
        return ValueTask.CompletedTask;
    }
}
