using Metrics.Model;

namespace Metrics.Pollers.Host;

/// <summary>
/// Processor time by mode, and the kernel's totals: boot time, context switches, interrupts, forks, running and blocked processes.
/// </summary>
/// <remarks>Source: <c>/proc/stat</c>, man 5 proc_stat; times are in 1/100 s (USER_HZ) there and seconds here.</remarks>
internal sealed class StatPoller(HostFiles files) : IPoller
{
    private const double TicksPerSecond = 100;

    private static readonly string[] s_modes = ["user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal"];
    private static readonly Metric s_cpu = Metric.Counter("node_cpu_seconds_total", "Seconds the CPUs spent in each mode.", "cpu", "mode");
    private static readonly Metric s_guest =
        Metric.Counter("node_cpu_guest_seconds_total", "Seconds the CPUs spent in guests (VMs) for each mode.", "cpu", "mode");

    private static readonly Dictionary<string, Metric> s_totals = new()
    {
        ["intr"] = Metric.Counter("node_intr_total", "Total number of interrupts serviced."),
        ["ctxt"] = Metric.Counter("node_context_switches_total", "Total number of context switches."),
        ["btime"] = Metric.Gauge("node_boot_time_seconds", "Node boot time, in unixtime."),
        ["processes"] = Metric.Counter("node_forks_total", "Total number of forks."),
        ["procs_running"] = Metric.Gauge("node_procs_running", "Number of processes in runnable state."),
        ["procs_blocked"] = Metric.Gauge("node_procs_blocked", "Number of processes blocked waiting for I/O to complete."),
    };

    public ValueTask PollAsync(SampleSink sink, CancellationToken ct)
    {
        foreach (string line in HostFiles.Lines(files.Proc("stat")))
        {
            string[] words = HostFiles.Words(line);
            if (words.Length < 2)
                continue;
            if (s_totals.TryGetValue(words[0], out Metric? total))
                sink.Add(total, HostFiles.Required(words[1], "/proc/stat"));
            else if (words[0].Length > 3 && words[0].StartsWith("cpu", StringComparison.Ordinal))
                AddCpu(sink, words[0][3..], words);
        }
        return ValueTask.CompletedTask;
    }

    private static void AddCpu(SampleSink sink, string cpu, string[] words)
    {
        for (int i = 0; i < s_modes.Length && i + 1 < words.Length; i++)
            sink.Add(s_cpu, HostFiles.Required(words[i + 1], "/proc/stat") / TicksPerSecond, cpu, s_modes[i]);
        if (words.Length < 11)
            return;
        sink.Add(s_guest, HostFiles.Required(words[9], "/proc/stat") / TicksPerSecond, cpu, "user");
        sink.Add(s_guest, HostFiles.Required(words[10], "/proc/stat") / TicksPerSecond, cpu, "nice");
    }
}
