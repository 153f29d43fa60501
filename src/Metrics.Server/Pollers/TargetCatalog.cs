using Metrics.Configuration;
using Metrics.Pollers.Backends;
using Metrics.Pollers.OpenStack;
using Metrics.Pollers.Host;
using Metrics.Pollers.Self;
using Metrics.Pollers.Scrape;
using Metrics.Telemetry;

namespace Metrics.Pollers;

/// <summary>All that is to be polled by the configuration as it is now.</summary>
internal sealed class TargetCatalog(ScrapeTargets scrapes, Clouds clouds, SelfMetrics self, TimeProvider time)
{
    /// <summary>The targets; asked again every few seconds, so that files of targets are followed.</summary>
    public IEnumerable<PollTarget> Discover(MetricsOptions options)
    {
        yield return new PollTarget("metricsd", options.Listen, SelfPoller.Interval, SelfPoller.Interval / 2, new SelfPoller(self), self);
        if (options.Host.Enabled)
            yield return Host(options.Host);
        foreach (PollTarget target in options.Probes.SelectMany(p => p.ToTargets(time)))
            yield return target;
        foreach (PollTarget target in clouds.Discover(options.Clouds))
            yield return target;
        foreach (BackendJob backend in options.Backends)
            yield return backend.ToTarget();
        foreach (PollTarget target in scrapes.Discover(options.ScrapeJobs))
            yield return target;
    }

    private PollTarget Host(HostSection options)
    {
        var files = new HostFiles(options);
        var pollers = PollerCatalog.Host.Where(p => !options.Disabled.Contains(p.Name)).Select(p => (p.Name, p.Create(files, time))).ToList();
        return new PollTarget("host", options.Instance, options.Interval, options.Timeout, new HostPoller(pollers, time), options);
    }
}
