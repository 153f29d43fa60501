using Metrics.Configuration;
using Metrics.Text;

namespace Metrics.Alerting;

/// <summary>Alertmanagers that alerts are handed to: <c>alerting.alertmanagers</c> in Prometheus's words.</summary>
/// <param name="Urls">Where their API is: <c>…/api/v2/alerts</c>.</param>
/// <param name="Access">How they are reached.</param>
/// <param name="Timeout">Longest time of one request. Default 10 s.</param>
/// <remarks>https://prometheus.io/docs/prometheus/latest/configuration/configuration/#alertmanager_config</remarks>
internal sealed record AlertmanagerOptions(IReadOnlyList<Uri> Urls, HttpAccess Access, TimeSpan Timeout)
{
    public static IReadOnlyList<AlertmanagerOptions> Read(YamlSection alerting)
    {
        List<AlertmanagerOptions> all = [.. alerting.Sections("alertmanagers").Select(ReadOne)];
        alerting.Finish();
        return all;
    }

    private static AlertmanagerOptions ReadOne(YamlSection section)
    {
        string scheme = section.Choice("scheme", "http", "http", "https"), prefix = section.Text("path_prefix", "").Trim('/');
        _ = section.Choice("api_version", "v2", "v2");
        var urls = new List<Uri>();
        foreach (YamlSection group in section.Sections("static_configs"))
        {
            foreach (string target in group.Texts("targets"))
            {
                if (!target.Contains('/', StringComparison.Ordinal)
                    && Uri.TryCreate($"{scheme}://{target}/{(prefix.Length > 0 ? $"{prefix}/" : "")}api/v2/alerts", UriKind.Absolute,
                    out Uri? url))
                    urls.Add(url);
                else
                    group.Report("targets",
                        $"holds '{target}'; it must be an address such as alertmanager:9093 (set scheme and path_prefix)");
            }
            _ = group.Map("labels");
            group.Finish();
        }
        OthersKeys.RefuseDiscoveries(section, "static_configs alone");
        if (urls.Count == 0)
            section.Report("static_configs", "is required: [ { targets: ['alertmanager:9093'] } ]");
        var options = new AlertmanagerOptions(
            urls, HttpAccess.ReadKeys(section, followsRedirects: true),
            section.Duration("timeout", TimeSpan.FromSeconds(10), min: TimeSpan.FromMilliseconds(100)));
        section.Finish();
        return options;
    }
}

/// <summary>A message in regular intervals, so that somebody outside notices when it stops: the dead man's switch.</summary>
/// <param name="Receiver">Who gets it.</param>
/// <param name="Interval">How often. Default 1 min.</param>
internal sealed record HeartbeatOptions(string Receiver, TimeSpan Interval)
{
    public static HeartbeatOptions? Read(YamlSection section, IReadOnlyList<string> receivers)
    {
        if (!section.Keys.Any())
            return null;
        string receiver = section.RequiredText("receiver");
        if (receiver.Length > 0 && !receivers.Contains(receiver))
            section.Report("receiver", $"is '{receiver}'; known are {(receivers.Count == 0 ? "none" : string.Join(", ", receivers))}");
        var options = new HeartbeatOptions(receiver, section.Duration("interval", TimeSpan.FromMinutes(1), min: TimeSpan.FromSeconds(1)));
        section.Finish();
        return options;
    }
}
