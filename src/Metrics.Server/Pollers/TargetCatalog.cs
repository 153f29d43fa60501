using Metrics.Configuration;
using Metrics.Pollers.Targets;

namespace Metrics.Pollers;

/// <summary>All that is to be polled by the configuration as it is now.</summary>
internal sealed class TargetCatalog(ScrapeTargets scrapes)
{
    /// <summary>The targets; asked again every few seconds, so that files of targets are followed.</summary>
    public IEnumerable<PollTarget> Discover(MetricsOptions options) => scrapes.Discover(options.ScrapeJobs);
}
