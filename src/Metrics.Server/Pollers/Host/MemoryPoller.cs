using Metrics.Model;

namespace Metrics.Pollers.Host;

/// <summary>
/// Every line of <c>/proc/meminfo</c>: sizes in bytes as <c>node_memory_NAME_bytes</c>, page counts as <c>node_memory_NAME</c>.
/// </summary>
/// <remarks>Source: man 5 proc_meminfo.</remarks>
internal sealed class MemoryPoller(HostFiles files) : IPoller
{
    private readonly Dictionary<string, Metric> _metrics = [];

    public ValueTask PollAsync(SampleSink sink, CancellationToken ct)
    {
        foreach (string line in HostFiles.Lines(files.Proc("meminfo")))
        {
            string[] words = HostFiles.Words(line);
            if (words.Length < 2)
                continue;
            bool kilobytes = words.Length > 2 && words[2] == "kB";
            double value = HostFiles.Required(words[1], "/proc/meminfo") * (kilobytes ? 1024 : 1);
            sink.Add(MetricFor(words[0], kilobytes), value);
        }
        return ValueTask.CompletedTask;
    }

    private Metric MetricFor(string key, bool bytes)
    {
        if (_metrics.TryGetValue(key, out Metric? metric))
            return metric;
        string name = key.TrimEnd(':').Replace("(", "_", StringComparison.Ordinal)
            .Replace(")", "", StringComparison.Ordinal) + (bytes ? "_bytes" : "");
        return _metrics[key] = Metric.Gauge($"node_memory_{name}", $"Memory information field {name}.");
    }
}
