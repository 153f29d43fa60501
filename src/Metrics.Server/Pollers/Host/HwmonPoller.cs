using System.Text.RegularExpressions;
using Metrics.Model;

namespace Metrics.Pollers.Host;

/// <summary>
/// Hardware sensors: temperatures (°C), fans (rpm), voltages, currents, power, energy, humidity, their limits and alarms.
/// </summary>
/// <remarks>Source: <c>/sys/class/hwmon</c>, kernel Documentation/hwmon/sysfs-interface.rst; milli- and micro-units there.</remarks>
internal sealed partial class HwmonPoller(HostFiles files) : IPoller
{
    private static readonly Metric s_chipName =
        Metric.Gauge("node_hwmon_chip_names", "Annotation metric for human-readable chip names", "chip", "chip_name");
    private static readonly Metric s_label =
        Metric.Gauge("node_hwmon_sensor_label", "Label for given chip and sensor", "chip", "sensor", "label");

    /// <summary>Unit that a sensor type's numbers get, and what one of the file is worth.</summary>
    private static readonly Dictionary<string, (string Unit, double Factor, bool Counter)> s_units = new()
    {
        ["in"] = ("volts", .001, false), ["cpu"] = ("volts", .001, false), ["temp"] = ("celsius", .001, false),
            ["curr"] = ("amps", .001, false),
        ["energy"] = ("joule_total", 1e-6, true), ["humidity"] = ("humidity", 1e-6, false), ["fan"] = ("rpm", 1, false),
        ["freq"] = ("freq_mhz", 1e-6, false),
    };

    private readonly Dictionary<string, Metric> _metrics = [];

    public ValueTask PollAsync(SampleSink sink, CancellationToken ct)
    {
        foreach (string entry in HostFiles.Entries(files.Sys("class/hwmon")))
        {
            string folder = files.Sys($"class/hwmon/{entry}");
            string chip = ChipName(folder, entry);
            if (HostFiles.TryText(Path.Combine(folder, "name")) is { } name)
                sink.Add(s_chipName, 1, chip, Clean(name));
            // Old drivers have their attributes in the device's folder.
            foreach (string place in new[] { folder, Path.Combine(folder, "device") })
                AddSensors(sink, place, chip);
        }
        return ValueTask.CompletedTask;
    }

    private void AddSensors(SampleSink sink, string folder, string chip)
    {
        foreach (string file in HostFiles.Entries(folder))
        {
            Match match = SensorFile().Match(file);
            if (!match.Success || HostFiles.TryText(Path.Combine(folder, file)) is not { } text)
                continue;
            (string type, string sensor, string element) =
                (match.Groups[1].Value, match.Groups[1].Value + match.Groups[2].Value, match.Groups[3].Value);
            if (element == "label")
                sink.Add(s_label, 1, chip, sensor, text);
            else if (HostFiles.Number(text) is { } number && MetricFor(type, element, out double factor) is { } metric)
                sink.Add(metric, number * factor, chip, sensor);
        }
    }

    private Metric? MetricFor(string type, string element, out double factor)
    {
        (string name, factor, bool counter) = Describe(type, element);
        if (!_metrics.TryGetValue(name, out Metric? metric))
        {
            string help = $"Hardware monitor {type} {(element.Length == 0 ? "value" : element)}";
            metric = counter ? Metric.Counter(name, help, "chip", "sensor") : Metric.Gauge(name, help, "chip", "sensor");
            _metrics.Add(name, metric);
        }
        return metric;
    }

    private static (string Name, double Factor, bool Counter) Describe(string type, string element)
    {
        string stem = $"node_hwmon_{type}";
        if (element is "alarm" or "beep" || element.EndsWith("_alarm", StringComparison.Ordinal) && type is not "temp")
            return (element == "beep" ? $"{stem}_beep_enabled" : $"{stem}_{element}", 1, false);
        if (type == "power")
        {
            return element switch
            {
                "accuracy" => ($"{stem}_accuracy", 1e-6, false),
                "average_interval" => ($"{stem}_average_interval_seconds", .001, false),
                "input" => ($"{stem}_watt", 1e-6, false),
                _ => ($"{stem}_{element}_watt", 1e-6, false),
            };
        }
        if (!s_units.TryGetValue(type, out (string Unit, double Factor, bool Counter) unit)
            || (type == "fan" && element is not ("input" or "min" or "max" or "target" or "div")))
            return ($"{stem}_{(element.Length == 0 ? "value" : element)}", 1, false);
        if (type == "fan" && element == "div")
            return ($"{stem}_div", 1, false);
        string middle = element is "input" or "" ? "" : $"_{element}";
        return ($"{stem}{middle}_{unit.Unit}", unit.Factor, unit.Counter);
    }

    /// <summary>A name that stays the same over reboots: bus and device, else the chip's name, else the folder.</summary>
    private static string ChipName(string folder, string entry)
    {
        var device = new DirectoryInfo(Path.Combine(folder, "device"));
        if (device.Exists)
        {
            string path = device.ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? device.FullName;
            string name = Clean(Path.GetFileName(path));
            string type = Clean(Path.GetFileName(Path.GetDirectoryName(path) ?? ""));
            if (name.Length > 0)
                return type.Length > 0 ? $"{type}_{name}" : name;
        }
        return HostFiles.TryText(Path.Combine(folder, "name")) is { Length: > 0 } chip ? Clean(chip) : entry;
    }

    private static string Clean(string text) => Unclean().Replace(text.ToLowerInvariant(), "_").Trim('_');

    [GeneratedRegex("[^a-z0-9:_]")]
    private static partial Regex Unclean();

    [GeneratedRegex("^(beep_enable|vrm|vid|in|cpu|fan|pwm|temp|curr|power|energy|humidity|intrusion|freq)([0-9]+)(?:_(.+))?$")]
    private static partial Regex SensorFile();
}
