using Metrics.Configuration;
using Metrics.Model;
using Metrics.Text;

namespace Metrics.Pollers.Scrape;

/// <summary>What holds for scrape jobs that do not say otherwise: <c>global</c>, in Prometheus's words.</summary>
/// <param name="Interval">Default 15 s.</param>
/// <param name="Timeout">Null is two thirds of the interval, at most 10 s.</param>
/// <param name="Limits">What a scrape may give.</param>
/// <param name="Protocols">In which formats.</param>
/// <remarks>https://prometheus.io/docs/prometheus/latest/configuration/configuration/#configuration-file</remarks>
internal sealed record ScrapeDefaults(TimeSpan Interval, TimeSpan? Timeout, ScrapeLimits Limits, ScrapeProtocols Protocols)
{
    private static readonly string[] s_keys =
    [
        "scrape_interval", "scrape_timeout", "scrape_protocols", "fallback_scrape_protocol", "body_size_limit", "sample_limit", "label_limit",
        "label_name_length_limit", "label_value_length_limit", "target_limit",
    ];

    public static ScrapeDefaults ReadKeys(YamlSection section)
    {
        TimeSpan interval = section.Duration("scrape_interval", TimeSpan.FromSeconds(15), min: TimeSpan.FromMilliseconds(100));
        TimeSpan? timeout =
            section.Has("scrape_timeout") ? section.Timeout("scrape_timeout", "scrape_interval", interval) : null;
        return new ScrapeDefaults(
            interval, timeout, ScrapeLimits.ReadKeys(section, ScrapeLimits.Default),
            ScrapeProtocols.ReadKeys(section, ScrapeProtocols.Default));
    }

    /// <summary>What stands in <c>global</c> for scrape jobs; what belongs to receivers is left out.</summary>
    public static YamlMap ValuesOf(YamlMap global)
    {
        var values = new YamlMap { Line = 0, Column = 0 };
        values.Entries.AddRange(global.Entries.Where(e => s_keys.Contains(e.Key.Text)));
        return values;
    }

    /// <summary>The timeout of a job: its own, or this, or its interval where that is shorter.</summary>
    public TimeSpan TimeoutOf(YamlSection section, TimeSpan interval) =>
        Timeout is not { } common || section.Has("scrape_timeout") ? section.Timeout("scrape_timeout", "scrape_interval", interval)
        : common < interval ? common : interval;
}
