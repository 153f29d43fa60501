using Metrics.Model;

namespace Metrics.Pollers.Host;

/// <summary>What network devices are: up or down, carrier, speed in bytes per second, MTU, addresses, flags.</summary>
/// <remarks>Source: <c>/sys/class/net/*</c>, kernel Documentation/ABI/testing/sysfs-class-net.</remarks>
internal sealed class NetClassPoller(HostFiles files) : IPoller
{
    private static readonly (string File, Metric Metric)[] s_numbers =
    [
        ("addr_assign_type", Gauge("address_assign_type", "Address assign type")),
        ("carrier", Gauge("carrier", "1 if the link has a carrier")),
        ("carrier_changes", Counter("carrier_changes_total", "Changes of the carrier")),
        ("carrier_up_count", Counter("carrier_up_changes_total", "Times the carrier came")),
        ("carrier_down_count", Counter("carrier_down_changes_total", "Times the carrier went")),
        ("dev_id", Gauge("device_id", "Device id")),
        ("dormant", Gauge("dormant", "1 if the link is dormant")),
        ("flags", Gauge("flags", "Device flags")),
        ("ifindex", Gauge("iface_id", "Interface index")),
        ("iflink", Gauge("iface_link", "Interface index of the link beneath")),
        ("link_mode", Gauge("iface_link_mode", "Link mode")),
        ("mtu", Gauge("mtu_bytes", "Maximum transfer unit")),
        ("name_assign_type", Gauge("name_assign_type", "How the name was chosen")),
        ("netdev_group", Gauge("net_dev_group", "Device group")),
        ("tx_queue_len", Gauge("transmit_queue_length", "Length of the transmit queue")),
        ("type", Gauge("protocol_type", "Hardware type")),
    ];

    private static readonly Metric s_up = Gauge("up", "Value is 1 if operstate is 'up', 0 otherwise.");
    private static readonly Metric s_speed = Gauge("speed_bytes", "Speed of the link in bytes per second.");
    private static readonly Metric s_info = Metric.Gauge(
        "node_network_info", "Non-numeric data of a network device, value is always 1.", "device", "address", "broadcast", "duplex",
            "operstate", "ifalias");

    public ValueTask PollAsync(SampleSink sink, CancellationToken ct)
    {
        foreach (string device in HostFiles.Entries(files.Sys("class/net")))
        {
            string folder = files.Sys($"class/net/{device}");
            if (HostFiles.TryText(Path.Combine(folder, "operstate")) is not { } state)
                continue;   // bonding_masters is a file among the devices
            foreach ((string file, Metric metric) in s_numbers)
            {
                if (HostFiles.TryNumber(Path.Combine(folder, file)) is { } number)
                    sink.Add(metric, number, device);
            }
            sink.Add(s_up, state == "up" ? 1 : 0, device);
            // The kernel says -1 where it does not know.
            if (HostFiles.TryNumber(Path.Combine(folder, "speed")) is { } megabits and >= 0)
                sink.Add(s_speed, megabits * 1_000_000 / 8, device);
            sink.Add(s_info, 1, device, Text("address"), Text("broadcast"), Text("duplex"), state, Text("ifalias"));

            string Text(string file) => HostFiles.TryText(Path.Combine(folder, file)) ?? "";
        }
        return ValueTask.CompletedTask;
    }

    private static Metric Gauge(string name, string help) => Metric.Gauge($"node_network_{name}", help, "device");

    private static Metric Counter(string name, string help) => Metric.Counter($"node_network_{name}", help, "device");
}
