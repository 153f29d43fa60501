using Metrics.Formats;
using Metrics.Model;
using Metrics.Routing;

namespace Metrics.Notifiers;

/// <summary>Where an alert is, in the few words that a line has room for: the machine, and what of it.</summary>
internal static class AlertPlace
{
    private const int MaxParts = 3;
    private const int Longest = 44;

    private static readonly string[] s_machines =
        ["host", "hostname", "nodename", "node", "instance", "hypervisor", "compute_host", "server", "vm", "target"];

    private static readonly string[] s_sites = ["cluster", "site", "datacenter", "region", "availability_zone", "zone", "rack"];

    /// <summary>What tells nobody where it is.</summary>
    private static readonly HashSet<string> s_left =
        ["alertname", SeverityRank.Label, "job", "fstype", "le", "monitor", "replica", "prometheus", Labels.MetricName, .. s_sites];

    /// <summary>Where an alert is; empty when its labels do not say.</summary>
    /// <param name="alert">The alert.</param>
    /// <param name="known">What the reader knows already.</param>
    public static string Of(MessageAlert alert, string known = "")
    {
        IReadOnlyDictionary<string, string> labels = OwnLabels(alert);
        string machine = Machine(labels) ?? "";
        List<string> parts = machine.Length > 0 && machine != known ? [machine] : [];
        bool hasMount = labels.ContainsKey("mountpoint");
        parts.AddRange(labels
            .Where(l => l.Value.Length > 0 && !s_machines.Contains(l.Key) && !s_left.Contains(l.Key) && !(hasMount && l.Key == "device"))
            .OrderBy(l => l.Key == "mountpoint" ? 0 : 1).Select(l => MessageText.OneLine(l.Value))
            .Where(v => v.Length > 0 && v != machine && v != known));
        if (parts.Count == 0 && known.Length == 0)
            parts.AddRange(s_sites.Select(s => MessageText.OneLine(labels.GetValueOrDefault(s, ""))).Where(v => v.Length > 0).Take(1));
        return MessageText.Shorten(string.Join(' ', parts.Take(MaxParts)), Longest);
    }

    /// <summary>The machine, or else the site, that alerts have in common; empty when they have none.</summary>
    /// <param name="common">Labels that they have in common.</param>
    public static string Shared(IReadOnlyDictionary<string, string> common) => Machine(common) is { } machine
        ? $"on {machine}"
        : s_sites.FirstOrDefault(s => common.GetValueOrDefault(s, "").Length > 0) is { } site
            ? MessageText.Shorten($"in {site} {MessageText.OneLine(common[site])}", Longest)
            : "";

    /// <summary>The labels of what is watched, without those of its rule; all of them where that is not known.</summary>
    private static IReadOnlyDictionary<string, string> OwnLabels(MessageAlert alert)
    {
        if (alert.Source is not { } source)
            return alert.Labels;
        Dictionary<string, string> own = LabelsJson.Read(source.Series).ToDictionary(l => l.Name, l => l.Value);
        return own.Count > 0 ? own : alert.Labels;
    }

    /// <summary>Without the port, which says nothing to a reader.</summary>
    private static string? Machine(IReadOnlyDictionary<string, string> labels)
    {
        string? name = s_machines.Select(m => labels.GetValueOrDefault(m, "")).FirstOrDefault(v => v.Length > 0);
        if (name is null)
            return null;
        string line = MessageText.OneLine(name);
        int colon = line.LastIndexOf(':');
        bool hasPort = colon > 0 && colon < line.Length - 1 && line.AsSpan(colon + 1).IndexOfAnyExceptInRange('0', '9') < 0
            && (line.IndexOf(':', StringComparison.Ordinal) == colon || line[colon - 1] == ']');
        return MessageText.Shorten(hasPort ? line[..colon] : line, Longest);
    }
}
