using System.Text;
using Metrics.Configuration;
using Metrics.Model;
using Metrics.Text;

namespace Metrics.Pollers.Scrape;

/// <summary>One <c>scrape_configs</c> entry; the words are Prometheus's, so that entries people have can be pasted.</summary>
/// <remarks>https://prometheus.io/docs/prometheus/latest/configuration/configuration/#scrape_config</remarks>
internal sealed record ScrapeJob : TargetSection
{
    /// <summary>Labels by which relabelling sets the pace of a target.</summary>
    private const string IntervalLabel = "__scrape_interval__", TimeoutLabel = "__scrape_timeout__";

    private static readonly TimeSpan s_shortest = TimeSpan.FromMilliseconds(100);

    public required string Name { get; init; }

    public override string? UniqueJob => Name;

    public required TimeSpan Interval { get; init; }

    public required TimeSpan Timeout { get; init; }

    public required string Scheme { get; init; }

    public required string MetricsPath { get; init; }

    public required IReadOnlyDictionary<string, IReadOnlyList<string>> Parameters { get; init; }

    /// <summary>Labels in the data win over the target's. Default false: they become <c>exported_NAME</c>.</summary>
    public required bool HonorLabels { get; init; }

    /// <summary>Times in the data count. Default true.</summary>
    public required bool HonorTimestamps { get; init; }

    /// <summary>A series that brings its own times ends when the target gives it no more. Default false.</summary>
    public required bool TracksStaleness { get; init; }

    public required ScrapeLimits Limits { get; init; }

    public required ScrapeProtocols Protocols { get; init; }

    /// <summary>Whether targets may pack what they send. Default true.</summary>
    public required bool Compression { get; init; }

    /// <summary>How targets are reached, and what shows them who we are.</summary>
    public required HttpAccess Access { get; init; }

    public required IReadOnlyList<TargetGroup> Static { get; init; }

    public required IReadOnlyList<FileDiscovery> Files { get; init; }

    public required IReadOnlyList<Discovery> Discoveries { get; init; }

    public required IReadOnlyList<RelabelRule> Relabel { get; init; }

    public required IReadOnlyList<RelabelRule> MetricRelabel { get; init; }

    /// <summary>The jobs of a file, with what its <c>global</c> says for all of them.</summary>
    public static IEnumerable<ScrapeJob> ReadAll(YamlSection top)
    {
        var defaults = ScrapeDefaults.ReadKeys(top.Section("global"));
        return top.Sections("scrape_configs").Select(s => Read(s, defaults, top.Section("global").Content));
    }

    private static ScrapeJob Read(YamlSection section, ScrapeDefaults defaults, YamlMap global)
    {
        TimeSpan interval = section.Duration("scrape_interval", defaults.Interval, min: s_shortest);
        var job = new ScrapeJob
        {
            Id = SectionId.Of($"scrape_configs {section.Text("job_name")}", section, ScrapeDefaults.ValuesOf(global)),
            Name = section.RequiredText("job_name"),
            Interval = interval,
            Timeout = defaults.TimeoutOf(section, interval),
            Scheme = section.Choice("scheme", "http", "http", "https"),
            MetricsPath = section.Text("metrics_path", "/metrics"),
            Parameters = ReadParameters(section.Section("params")),
            HonorLabels = section.Flag("honor_labels", false),
            HonorTimestamps = section.Flag("honor_timestamps", true),
            TracksStaleness = section.Flag("track_timestamps_staleness", false),
            Limits = ScrapeLimits.ReadKeys(section, defaults.Limits),
            Protocols = ScrapeProtocols.ReadKeys(section, defaults.Protocols),
            Compression = section.Flag("enable_compression", true),
            Access = HttpAccess.ReadKeys(section, followsRedirects: true),
            Static = [.. section.Sections("static_configs").Select(g => TargetGroup.Read(g, section.Has("relabel_configs")))],
            Files = [.. section.Sections("file_sd_configs").Select(FileDiscovery.Read)],
            Discoveries = Discovery.ReadAll(section),
            Relabel = RelabelRule.ReadAll(section, "relabel_configs"),
            MetricRelabel = RelabelRule.ReadAll(section, "metric_relabel_configs"),
        };
        OthersKeys.RefuseInScrape(section);
        section.Finish();
        return job;
    }

    /// <summary>Labels as they are stored, from those that were scraped; null when relabelling drops the series.</summary>
    public Labels? ToStored(Labels scraped, IReadOnlyList<Label> target)
    {
        var labels = scraped.ToDictionary(l => l.Name, l => l.Value);
        foreach (Label label in target)
        {
            if (labels.TryGetValue(label.Name, out string? own))
            {
                if (HonorLabels)
                    continue;
                string moved = "exported_" + label.Name;
                while (labels.ContainsKey(moved))
                    moved = "exported_" + moved;
                labels[moved] = own;
            }
            labels[label.Name] = label.Value;
        }
        if (!RelabelRule.Apply(MetricRelabel, labels))
            return null;
        return labels.GetValueOrDefault(Labels.MetricName) is { Length: > 0 }
            ? Labels.Of([.. labels.Select(l => new Label(l.Key, l.Value))])
            : null;
    }

    /// <summary>The target of one discovered address, or null when relabelling drops it.</summary>
    /// <param name="address">What was listed under <c>targets</c>.</param>
    /// <param name="labels">Labels of its group.</param>
    /// <param name="http">The job's client.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="FormatException">What relabelling makes of it is no target; the message says why.</exception>
    public TargetDeclaration? ToTarget(
        string address, IReadOnlyDictionary<string, string> labels, HttpMessageInvoker http, TimeProvider time)
    {
        var all = new Dictionary<string, string>(labels)
        {
            ["__address__"] = address,
            ["__scheme__"] = labels.GetValueOrDefault("__scheme__", Scheme),
            ["__metrics_path__"] = labels.GetValueOrDefault("__metrics_path__", MetricsPath),
            [IntervalLabel] = labels.GetValueOrDefault(IntervalLabel, Duration.Format(Interval)),
            [TimeoutLabel] = labels.GetValueOrDefault(TimeoutLabel, Duration.Format(Timeout)),
            ["job"] = labels.GetValueOrDefault("job", Name),
        };
        foreach ((string name, IReadOnlyList<string> values) in Parameters)
            all.TryAdd("__param_" + name, values[0]);
        if (!RelabelRule.Apply(Relabel, all) || string.IsNullOrEmpty(all.GetValueOrDefault("__address__")))
            return null;
        if (TargetGroup.UrlFaultOf(all["__address__"]) is { } fault)
            throw new FormatException($"'{UserInfo.Without(all["__address__"])}' must be an address such as host:9100, {fault}");
        string path = all.GetValueOrDefault("__metrics_path__", "");
        if (!Uri.TryCreate($"{all.GetValueOrDefault("__scheme__", "")}://{all["__address__"]}{path}{Query(all)}", UriKind.Absolute,
            out Uri? url))
            return null;
        TimeSpan interval = DurationOf(all, IntervalLabel), timeout = DurationOf(all, TimeoutLabel);
        if (timeout > interval)
            throw new FormatException($"{TimeoutLabel} is {all[TimeoutLabel]}, longer than {IntervalLabel}, {all[IntervalLabel]}");
        string instance = all.GetValueOrDefault("instance", all["__address__"]);
        IReadOnlyList<Label> kept =
            [.. all.Where(l => !l.Key.StartsWith("__", StringComparison.Ordinal)).Select(l => new Label(l.Key, l.Value))];
        return new TargetDeclaration(
            this, all.GetValueOrDefault("job", ""), instance, interval, timeout,
            () => new ScrapePoller(this, http, url, timeout, time), kept, asked: $"{url} {all[IntervalLabel]} {all[TimeoutLabel]}");
    }

    /// <summary>A target of more than the job may have: it is down, and not asked.</summary>
    public TargetDeclaration Refused(TargetDeclaration target) => new(
        this, target.Job, target.Instance, target.Interval, target.Timeout, () => new RefusedTarget(Limits.Targets),
        [.. target.Identity.Series.Labels], asked: "nothing: target_limit");

    private static TimeSpan DurationOf(Dictionary<string, string> labels, string name)
    {
        string text = labels.GetValueOrDefault(name, "");
        return Duration.TryParse(text, out TimeSpan time) && time >= s_shortest
            ? time : throw new FormatException($"{name} is '{text}'; it must be a duration such as 30s, at least 100ms");
    }

    private string Query(Dictionary<string, string> labels)
    {
        var query = new StringBuilder();
        foreach ((string label, string value) in labels.Where(l => l.Key.StartsWith("__param_", StringComparison.Ordinal))
            .OrderBy(l => l.Key, StringComparer.Ordinal))
        {
            string name = label["__param_".Length..];
            foreach (string one in Parameters.GetValueOrDefault(name)?.Skip(1).Prepend(value) ?? [value])
                query.Append(query.Length == 0 ? '?' : '&').Append(Uri.EscapeDataString(name)).Append('=')
                    .Append(Uri.EscapeDataString(one));
        }
        return query.ToString();
    }

    private static Dictionary<string, IReadOnlyList<string>> ReadParameters(YamlSection section)
    {
        var parameters = new Dictionary<string, IReadOnlyList<string>>();
        foreach (string key in section.Keys)
        {
            IReadOnlyList<string> values = section.Texts(key);
            if (values.Count > 0)
                parameters[key] = values;
        }
        return parameters;
    }
}
