using Metrics.Model;

namespace Metrics.Pollers.Host;

/// <summary>Clock rates in hertz, and how often cores and packages were throttled by heat.</summary>
/// <remarks>
/// Source: <c>/sys/devices/system/cpu/cpu*/{cpufreq,thermal_throttle}</c>, kernel Documentation/admin-guide/pm/cpufreq.rst.
/// </remarks>
internal sealed class CpuDetailPoller(HostFiles files) : IPoller
{
    private static readonly (string File, Metric Metric)[] s_frequencies =
    [
        ("cpuinfo_cur_freq", Metric.Gauge("node_cpu_frequency_hertz", "Current cpu thread frequency in hertz.", "cpu")),
        ("cpuinfo_min_freq", Metric.Gauge("node_cpu_frequency_min_hertz", "Minimum cpu thread frequency in hertz.", "cpu")),
        ("cpuinfo_max_freq", Metric.Gauge("node_cpu_frequency_max_hertz", "Maximum cpu thread frequency in hertz.", "cpu")),
        ("scaling_cur_freq", Metric.Gauge("node_cpu_scaling_frequency_hertz", "Current scaled CPU thread frequency in hertz.", "cpu")),
        ("scaling_min_freq", Metric.Gauge("node_cpu_scaling_frequency_min_hertz", "Minimum scaled CPU thread frequency in hertz.", "cpu")),
        ("scaling_max_freq", Metric.Gauge("node_cpu_scaling_frequency_max_hertz", "Maximum scaled CPU thread frequency in hertz.", "cpu")),
    ];

    private static readonly Metric s_core =
        Metric.Counter("node_cpu_core_throttles_total", "Number of times this CPU core has been throttled.", "package", "core");
    private static readonly Metric s_package =
        Metric.Counter("node_cpu_package_throttles_total", "Number of times this CPU package has been throttled.", "package");

    public ValueTask PollAsync(SampleSink sink, CancellationToken ct)
    {
        var cores = new HashSet<(string, string)>();
        var packages = new HashSet<string>();
        foreach (string name in HostFiles.Entries(files.Sys("devices/system/cpu"), "cpu")
            .Where(n => n.Length > 3 && char.IsAsciiDigit(n[3])))
        {
            string folder = files.Sys($"devices/system/cpu/{name}");
            foreach ((string file, Metric metric) in s_frequencies)
            {
                if (HostFiles.TryNumber(Path.Combine(folder, "cpufreq", file)) is { } kilohertz)
                    sink.Add(metric, kilohertz * 1000, name[3..]);
            }
            string package = HostFiles.TryText(Path.Combine(folder, "topology/physical_package_id")) ?? "";
            string core = HostFiles.TryText(Path.Combine(folder, "topology/core_id")) ?? "";
            if (HostFiles.TryNumber(Path.Combine(folder, "thermal_throttle/core_throttle_count")) is { } throttled
                && cores.Add((package, core)))
                sink.Add(s_core, throttled, package, core);
            if (HostFiles.TryNumber(Path.Combine(folder, "thermal_throttle/package_throttle_count")) is { } all && packages.Add(package))
                sink.Add(s_package, all, package);
        }
        return ValueTask.CompletedTask;
    }
}
