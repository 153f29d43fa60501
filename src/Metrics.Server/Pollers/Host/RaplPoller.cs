using System.Text.RegularExpressions;
using Metrics.Model;

namespace Metrics.Pollers.Host;

/// <summary>Energy that processor packages, cores and memory have used, in joules.</summary>
/// <remarks>
/// Source: <c>/sys/class/powercap/intel-rapl:*</c> (readable by root only), kernel Documentation/power/powercap/powercap.rst.
/// </remarks>
internal sealed partial class RaplPoller(HostFiles files) : IPoller
{
    private readonly Dictionary<string, Metric> _metrics = [];

    public ValueTask PollAsync(SampleSink sink, CancellationToken ct)
    {
        var counts = new Dictionary<string, int>();
        foreach (string zone in HostFiles.Entries(files.Sys("class/powercap"), "intel-rapl"))
        {
            string folder = files.Sys($"class/powercap/{zone}");
            if (HostFiles.TryText(Path.Combine(folder, "name")) is not { } full
                || HostFiles.TryNumber(Path.Combine(folder, "energy_uj")) is not { } microjoules)
                continue;
            // "package-0" is the package of index 0; of two "core" the second has index 1.
            Match numbered = Numbered().Match(full);
            string name = numbered.Success ? numbered.Groups[1].Value : full;
            int count = counts[name] = counts.GetValueOrDefault(name, -1) + 1;
            string index = numbered.Success ? numbered.Groups[2].Value : count.ToString(System.Globalization.CultureInfo.InvariantCulture);
            string metricName = Unclean().Replace(name, "_");
            if (!_metrics.TryGetValue(metricName, out Metric? metric))
                _metrics[metricName] = metric =
                    Metric.Counter($"node_rapl_{metricName}_joules_total", $"Current RAPL {name} value in joules", "index", "path");
            sink.Add(metric, microjoules / 1e6, index, folder);
        }
        return ValueTask.CompletedTask;
    }

    [GeneratedRegex("^(.+?)-([0-9]+)$")]
    private static partial Regex Numbered();

    [GeneratedRegex("[^a-zA-Z0-9_]")]
    private static partial Regex Unclean();
}
