using System.Globalization;
using Metrics.Model;

namespace Metrics.Pollers.Host;

/// <summary>Connections that the firewall tracks, their limit, and what was dropped for it.</summary>
/// <remarks>
/// Source: <c>/proc/sys/net/netfilter</c> and <c>/proc/net/stat/nf_conntrack</c> (hexadecimal, a line a processor). Absent without
/// conntrack.
/// </remarks>
internal sealed class ConntrackPoller(HostFiles files) : IPoller
{
    private static readonly Metric s_entries =
        Metric.Gauge("node_nf_conntrack_entries", "Number of currently allocated flow entries for connection tracking.");
    private static readonly Metric s_limit = Metric.Gauge("node_nf_conntrack_entries_limit", "Maximum size of connection tracking table.");

    private static readonly Dictionary<string, Metric> s_statistics = new[]
    {
        "found", "invalid", "ignore", "insert", "insert_failed", "drop", "early_drop", "search_restart",
    }.ToDictionary(n => n, n => Metric.Gauge($"node_nf_conntrack_stat_{n}", $"Connection tracking statistic {n}."));

    public ValueTask PollAsync(SampleSink sink, CancellationToken ct)
    {
        if (HostFiles.TryNumber(files.Proc("sys/net/netfilter/nf_conntrack_count")) is { } count)
            sink.Add(s_entries, count);
        if (HostFiles.TryNumber(files.Proc("sys/net/netfilter/nf_conntrack_max")) is { } limit)
            sink.Add(s_limit, limit);
        string[] lines = HostFiles.LinesIfAny(files.Proc("net/stat/nf_conntrack"));
        if (lines.Length < 2)
            return ValueTask.CompletedTask;
        string[] names = HostFiles.Words(lines[0]);
        var sums = new Dictionary<string, double>();
        foreach (string line in lines.Skip(1))
        {
            string[] words = HostFiles.Words(line);
            for (int i = 0; i < words.Length && i < names.Length; i++)
            {
                if (ulong.TryParse(words[i], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out ulong value))
                    sums[names[i]] = sums.GetValueOrDefault(names[i]) + value;
            }
        }
        foreach ((string name, Metric metric) in s_statistics)
        {
            if (sums.TryGetValue(name, out double sum))
                sink.Add(metric, sum);
        }
        return ValueTask.CompletedTask;
    }
}
