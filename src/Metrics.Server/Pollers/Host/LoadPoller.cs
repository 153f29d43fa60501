using Metrics.Model;

namespace Metrics.Pollers.Host;

/// <summary>Load averages over 1, 5 and 15 minutes, in runnable or uninterruptible tasks.</summary>
/// <remarks>Source: <c>/proc/loadavg</c>, man 5 proc_loadavg.</remarks>
internal sealed class LoadPoller(HostFiles files) : IPoller
{
    private static readonly Metric[] s_loads =
    [
        Metric.Gauge("node_load1", "1m load average."),
        Metric.Gauge("node_load5", "5m load average."),
        Metric.Gauge("node_load15", "15m load average."),
    ];

    public ValueTask PollAsync(SampleSink sink, CancellationToken ct)
    {
        string[] words = HostFiles.Words(HostFiles.Lines(files.Proc("loadavg"))[0]);
        if (words.Length < 3)
            throw new FormatException("/proc/loadavg: expected three numbers");
        for (int i = 0; i < s_loads.Length; i++)
            sink.Add(s_loads[i], HostFiles.Required(words[i], "/proc/loadavg"));
        return ValueTask.CompletedTask;
    }
}
