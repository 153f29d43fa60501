using Metrics.Text;

namespace Metrics.Configuration;

/// <summary>
/// Keys of Prometheus's and Alertmanager's files that are not taken, each with the reason or with what does the same here. All of their
/// keys are in <c>docs/compatibility.md</c>.
/// </summary>
internal static class OthersKeys
{
    private const string NoHistograms = "is not supported: native histograms are not read";

    private static readonly string[] s_discoveries =
    [
        "azure", "consul", "digitalocean", "docker", "dockerswarm", "ec2", "eureka", "gce", "hetzner", "ionos", "kubernetes", "kuma",
        "lightsail", "linode", "marathon", "nerve", "nomad", "ovhcloud", "puppetdb", "scaleway", "serverset", "stackit", "triton", "uyuni",
        "vultr",
    ];

    /// <summary>Of a scrape job, and of <c>global</c> for all of them.</summary>
    private static readonly (string Key, string Why)[] s_scrapes =
    [
        ("scrape_native_histograms", NoHistograms), ("convert_classic_histograms_to_nhcb", NoHistograms),
        ("always_scrape_classic_histograms", NoHistograms),
        ("scrape_failure_log_file", "is not supported: why a target is down is in the log, on the page Targets and in /api/v1/targets"),
        ("keep_dropped_targets", "is not supported: targets that relabelling drops are not kept"),
        ("metric_name_validation_scheme", "is not supported: names of any UTF-8 are taken"),
        ("metric_name_escaping_scheme", "is not supported: names are taken as they are"),
    ];

    private static readonly (string Key, string Why)[] s_scrape =
    [
        .. s_scrapes,
        ("native_histogram_bucket_limit", NoHistograms), ("native_histogram_min_bucket_factor", NoHistograms),
        ("scrape_classic_histograms", NoHistograms),
        ("proxy_connect_header", "is not supported: user and password can be said in proxy_url"),
    ];

    private static readonly (string Key, string Why)[] s_probe =
    [
        ("preferred_ip_protocol", "is ip_protocol of the probe here"),
        ("ip_protocol_fallback", "is not supported: ip_protocol: any takes what there is"),
        ("enable_http3", "is not supported"), ("dns_over_tls", "is not supported"), ("source_ip_address", "is not supported"),
        ("fail_if_body_json_matches_cel", "is not supported; fail_if_body_matches_regexp is"),
        ("fail_if_body_json_not_matches_cel", "is not supported; fail_if_body_not_matches_regexp is"),
        ("skip_resolve_phase_with_proxy", "is not supported: what is resolved is the proxy's name then"),
        ("expect_bytes", "is not supported; expect is"),
    ];

    private static readonly string[] s_receivers =
    [
        "discord", "incidentio", "jira", "mattermost", "pushover", "rocketchat", "sns", "telegram", "victorops", "webex", "wechat",
    ];

    private static readonly (string Key, string Why)[] s_top =
    [
        ("remote_write", "is not supported: samples go to storage.influx, and by forward to another metricsd"),
        ("remote_read", "is not supported: queries read the own store"),
        ("scrape_config_files", "is not supported: put what stands in them into scrape_configs"),
        ("tracing", "is not supported"), ("otlp", "is not supported"), ("runtime", "is not supported"),
        ("modules", "is blackbox_exporter's: each of them is an entry of probes here (docs/configuration.md)"),
    ];

    private static readonly (string Key, string Why)[] s_global = [.. s_scrapes, ("query_log_file", "is not supported")];

    private static readonly (string Key, string Why)[] s_storage =
    [
        ("tsdb", "is not supported: the embedded store has retention"), ("exemplars", "is not supported: exemplars are not stored"),
    ];

    /// <summary>At the top of the file, and in the sections that are called as others call theirs.</summary>
    public static void RefuseIn(YamlSection top)
    {
        Refuse(top, s_top);
        Refuse(top.Section("global"), s_global);
    }

    /// <summary>In the sections of a probe.</summary>
    public static void RefuseInProbe(YamlSection prober) => Refuse(prober, s_probe);

    /// <summary>In an entry of <c>receivers</c>: kinds of which an HTTP request does the same.</summary>
    public static void RefuseInReceiver(YamlSection receiver)
    {
        foreach (string kind in s_receivers)
            receiver.Refuse($"{kind}_configs", "is not supported; http_configs can send what it takes (docs/alerting.md)");
    }

    /// <summary>In the section of the stores.</summary>
    public static void RefuseInStorage(YamlSection storage) => Refuse(storage, s_storage);

    /// <summary>In an entry of <c>scrape_configs</c>.</summary>
    public static void RefuseInScrape(YamlSection job)
    {
        Refuse(job, s_scrape);
        RefuseDiscoveries(job, "static, file, http, dns and openstack");
    }

    /// <summary>Ways to find addresses that are not supported.</summary>
    /// <param name="section">Where they may stand.</param>
    /// <param name="known">Those that are.</param>
    public static void RefuseDiscoveries(YamlSection section, string known)
    {
        foreach (string name in s_discoveries)
            section.Refuse($"{name}_sd_configs", $"is not supported; targets are found by {known}");
    }

    private static void Refuse(YamlSection section, IEnumerable<(string Key, string Why)> keys)
    {
        foreach ((string key, string why) in keys)
            section.Refuse(key, why);
    }
}
