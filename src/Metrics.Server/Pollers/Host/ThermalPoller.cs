using Metrics.Model;

namespace Metrics.Pollers.Host;

/// <summary>Thermal zones in °C, and how hard cooling devices work.</summary>
/// <remarks>Source: <c>/sys/class/thermal</c>, kernel Documentation/driver-api/thermal/sysfs-api.rst.</remarks>
internal sealed class ThermalPoller(HostFiles files) : IPoller
{
    private static readonly Metric s_zone = Metric.Gauge("node_thermal_zone_temp", "Zone temperature in Celsius", "zone", "type");
    private static readonly Metric s_current =
        Metric.Gauge("node_cooling_device_cur_state", "Current throttle state of the cooling device", "name", "type");
    private static readonly Metric s_most =
        Metric.Gauge("node_cooling_device_max_state", "Maximum throttle state of the cooling device", "name", "type");

    public ValueTask PollAsync(SampleSink sink, CancellationToken ct)
    {
        foreach (string entry in HostFiles.Entries(files.Sys("class/thermal")))
        {
            string folder = files.Sys($"class/thermal/{entry}");
            string type = HostFiles.TryText(Path.Combine(folder, "type")) ?? "";
            if (entry.StartsWith("thermal_zone", StringComparison.Ordinal))
                Add(s_zone, "temp", entry["thermal_zone".Length..], .001);
            else if (entry.StartsWith("cooling_device", StringComparison.Ordinal))
            {
                Add(s_current, "cur_state", entry["cooling_device".Length..], 1);
                Add(s_most, "max_state", entry["cooling_device".Length..], 1);
            }

            void Add(Metric metric, string file, string number, double factor)
            {
                if (HostFiles.TryNumber(Path.Combine(folder, file)) is { } value)
                    sink.Add(metric, value * factor, number, type);
            }
        }
        return ValueTask.CompletedTask;
    }
}
