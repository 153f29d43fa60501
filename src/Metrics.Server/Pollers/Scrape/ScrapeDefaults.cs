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
    public static ScrapeDefaults ReadKeys(YamlSection section)
    {
        TimeSpan interval = section.Duration("scrape_interval", TimeSpan.FromSeconds(15), min: TimeSpan.FromMilliseconds(100));
        TimeSpan? timeout =
            section.Has("scrape_timeout") ? section.Timeout("scrape_timeout", "scrape_interval", interval) : null;
        return new ScrapeDefaults(
            interval, timeout, ScrapeLimits.ReadKeys(section, ScrapeLimits.Default),
            ScrapeProtocols.ReadKeys(section, ScrapeProtocols.Default));
    }

    /// <summary>The timeout of a job: its own, or this, or its interval where that is shorter.</summary>
    public TimeSpan TimeoutOf(YamlSection section, TimeSpan interval) =>
        Timeout is not { } common || section.Has("scrape_timeout") ? section.Timeout("scrape_timeout", "scrape_interval", interval)
        : common < interval ? common : interval;
}
