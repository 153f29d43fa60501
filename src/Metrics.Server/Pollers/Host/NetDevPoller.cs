using Metrics.Model;

namespace Metrics.Pollers.Host;

/// <summary>Bytes, packets, errors and drops of network devices.</summary>
/// <remarks>Source: <c>/proc/net/dev</c>, man 5 proc_pid_net; packets without a handler from <c>/sys/class/net/*/statistics</c>.</remarks>
internal sealed class NetDevPoller(HostFiles files) : IPoller
{
    private static readonly Metric[] s_columns =
    [
        .. Columns("receive", "bytes", "packets", "errs", "drop", "fifo", "frame", "compressed", "multicast"),
        .. Columns("transmit", "bytes", "packets", "errs", "drop", "fifo", "colls", "carrier", "compressed"),
    ];

    private static readonly Metric s_noHandler = Column("receive", "nohandler");

    public ValueTask PollAsync(SampleSink sink, CancellationToken ct)
    {
        foreach (string line in HostFiles.Lines(files.Proc("net/dev")).Skip(2))
        {
            int colon = line.LastIndexOf(':');
            if (colon < 0)
                continue;
            string device = line[..colon].Trim();
            string[] words = HostFiles.Words(line[(colon + 1)..]);
            for (int i = 0; i < s_columns.Length && i < words.Length; i++)
                sink.Add(s_columns[i], HostFiles.Required(words[i], "/proc/net/dev"), device);
            if (HostFiles.TryNumber(files.Sys($"class/net/{device}/statistics/rx_nohandler")) is { } noHandler)
                sink.Add(s_noHandler, noHandler, device);
        }
        return ValueTask.CompletedTask;
    }

    private static IEnumerable<Metric> Columns(string direction, params string[] names) => names.Select(n => Column(direction, n));

    private static Metric Column(string direction, string name) =>
        Metric.Counter($"node_network_{direction}_{name}_total", $"Network device statistic {direction}_{name}.", "device");
}
