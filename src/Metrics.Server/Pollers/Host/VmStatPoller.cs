using Metrics.Model;

namespace Metrics.Pollers.Host;

/// <summary>Paging, swapping, page faults and kills by the out-of-memory killer, as counts of pages and events.</summary>
/// <remarks>Source: <c>/proc/vmstat</c>, man 5 proc_vmstat.</remarks>
internal sealed class VmStatPoller(HostFiles files) : IPoller
{
    private readonly Dictionary<string, Metric> _metrics = [];

    public ValueTask PollAsync(SampleSink sink, CancellationToken ct)
    {
        foreach (string line in HostFiles.Lines(files.Proc("vmstat")))
        {
            if (!line.StartsWith("oom_kill", StringComparison.Ordinal) && !line.StartsWith("pgpg", StringComparison.Ordinal)

                    && !line.StartsWith("pswp", StringComparison.Ordinal)
                    && !(line.StartsWith("pg", StringComparison.Ordinal) && line.Contains("fault", StringComparison.Ordinal)))
            {
                continue;
            }
            string[] words = HostFiles.Words(line);
            if (!_metrics.TryGetValue(words[0], out Metric? metric))
                _metrics[words[0]] = metric = Metric.Untyped($"node_vmstat_{words[0]}", $"/proc/vmstat information field {words[0]}.");
            sink.Add(metric, HostFiles.Required(words[1], "/proc/vmstat"));
        }
        return ValueTask.CompletedTask;
    }
}
