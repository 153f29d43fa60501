using Metrics.Model;

namespace Metrics.Pollers.Host;

/// <summary>Sockets in use by protocol, and the memory they take.</summary>
/// <remarks>Source: <c>/proc/net/{sockstat,sockstat6}</c>; memory is in pages there, and here also in bytes.</remarks>
internal sealed class SockStatPoller(HostFiles files) : IPoller
{
    private readonly Dictionary<string, Metric> _metrics = [];

    public ValueTask PollAsync(SampleSink sink, CancellationToken ct)
    {
        foreach (string line in HostFiles.Lines(files.Proc("net/sockstat")).Concat(HostFiles.LinesIfAny(files.Proc("net/sockstat6"))))
        {
            string[] words = HostFiles.Words(line);
            for (int i = 1; i + 1 < words.Length; i += 2)
            {
                string name = $"{words[0].TrimEnd(':')}_{words[i]}";
                double value = HostFiles.Required(words[i + 1], "/proc/net/sockstat");
                sink.Add(MetricFor(name), value);
                if (words[i] == "mem")
                    sink.Add(MetricFor(name + "_bytes"), value * Environment.SystemPageSize);
            }
        }
        return ValueTask.CompletedTask;
    }

    private Metric MetricFor(string name) => _metrics.TryGetValue(name, out Metric? metric)
        ? metric
        : _metrics[name] = Metric.Gauge($"node_sockstat_{name}", $"Number of {name.Replace('_', ' ')} sockets or their memory.");
}
