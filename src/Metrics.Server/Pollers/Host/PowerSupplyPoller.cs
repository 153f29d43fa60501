using Metrics.Model;

namespace Metrics.Pollers.Host;

/// <summary>Power supplies and batteries: online, capacity, voltage, power.</summary>
/// <remarks>Source: <c>/sys/class/power_supply</c>, kernel Documentation/ABI/testing/sysfs-class-power; micro-units there.</remarks>
internal sealed class PowerSupplyPoller(HostFiles files) : IPoller
{
    private static readonly (string File, string Name, double Factor)[] s_numbers =
    [
        ("authentic", "authentic", 1), ("calibrate", "calibrate", 1), ("capacity", "capacity", 1), ("online", "online", 1),
            ("present", "present", 1),
        ("cycle_count", "cyclecount", 1), ("charge_full", "charge_full", 1e-6), ("charge_full_design", "charge_full_design", 1e-6),
        ("charge_now", "charge_ampere", 1e-6), ("current_max", "current_max", 1e-6), ("current_now", "current_ampere", 1e-6),
        ("energy_full", "energy_full", 1e-6), ("energy_full_design", "energy_full_design", 1e-6), ("energy_now", "energy_watthour", 1e-6),
        ("power_now", "power_watt", 1e-6), ("temp", "temp_celsius", .1), ("time_to_empty_now", "time_to_empty_seconds", 1),
        ("time_to_full_now", "time_to_full_seconds", 1), ("voltage_max", "voltage_max", 1e-6),
            ("voltage_max_design", "voltage_max_design", 1e-6),
        ("voltage_min", "voltage_min", 1e-6), ("voltage_min_design", "voltage_min_design", 1e-6), ("voltage_now", "voltage_volt", 1e-6),
    ];

    private static readonly string[] s_texts =
        ["capacity_level", "charge_type", "health", "manufacturer", "model_name", "serial_number", "status", "technology", "type",
            "usb_type", "scope"];

    private static readonly Dictionary<string, Metric> s_metrics = s_numbers.ToDictionary(
        n => n.File, n =>
            Metric.Gauge($"node_power_supply_{n.Name}", $"{n.Name} value of /sys/class/power_supply/<power_supply>.", "power_supply"));

    private static readonly Metric s_info =
        Metric.Gauge("node_power_supply_info", "info of /sys/class/power_supply/<power_supply>.", ["power_supply", .. s_texts]);

    public ValueTask PollAsync(SampleSink sink, CancellationToken ct)
    {
        foreach (string supply in HostFiles.Entries(files.Sys("class/power_supply")))
        {
            string folder = files.Sys($"class/power_supply/{supply}");
            foreach ((string file, _, double factor) in s_numbers)
            {
                if (HostFiles.TryNumber(Path.Combine(folder, file)) is { } value)
                    sink.Add(s_metrics[file], value * factor, supply);
            }
            sink.Add(s_info, 1, [supply, .. s_texts.Select(t => HostFiles.TryText(Path.Combine(folder, t)) ?? "")]);
        }
        return ValueTask.CompletedTask;
    }
}
