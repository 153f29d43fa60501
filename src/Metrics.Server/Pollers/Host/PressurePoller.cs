using System.Globalization;
using Metrics.Model;

namespace Metrics.Pollers.Host;

/// <summary>Pressure stall information: seconds in which some or all tasks waited for processor, memory, disk or interrupts.</summary>
/// <remarks>
/// Source: <c>/proc/pressure/*</c>, kernel Documentation/accounting/psi.rst; microseconds there. Not on kernels without PSI.
/// </remarks>
internal sealed class PressurePoller(HostFiles files) : IPoller
{
    private static readonly (string File, string Line, Metric Metric)[] s_pressures =
    [
        ("cpu", "some",
            Metric.Counter("node_pressure_cpu_waiting_seconds_total", "Total time in seconds that processes have waited for CPU time")),
        ("io", "some",
            Metric.Counter("node_pressure_io_waiting_seconds_total",
            "Total time in seconds that processes have waited due to IO congestion")),
        ("io", "full",
            Metric.Counter("node_pressure_io_stalled_seconds_total",
            "Total time in seconds no process could make progress due to IO congestion")),
        ("memory", "some",
            Metric.Counter("node_pressure_memory_waiting_seconds_total", "Total time in seconds that processes have waited for memory")),
        ("memory", "full",
            Metric.Counter("node_pressure_memory_stalled_seconds_total",
            "Total time in seconds no process could make progress due to memory congestion")),
        ("irq", "full",
            Metric.Counter("node_pressure_irq_stalled_seconds_total",
            "Total time in seconds no process could make progress due to IRQ congestion")),
    ];

    public ValueTask PollAsync(SampleSink sink, CancellationToken ct)
    {
        foreach ((string file, string kind, Metric metric) in s_pressures)
        {
            string? line = HostFiles.LinesIfAny(files.Proc($"pressure/{file}"))
                .FirstOrDefault(l => l.StartsWith(kind, StringComparison.Ordinal));
            string? total = line?.Split("total=").ElementAtOrDefault(1);
            if (ulong.TryParse(total, NumberStyles.None, CultureInfo.InvariantCulture, out ulong microseconds))
                sink.Add(metric, microseconds / 1e6);
        }
        return ValueTask.CompletedTask;
    }
}
