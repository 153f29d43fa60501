using Metrics.Configuration;
using Metrics.Model;

namespace Metrics.Pollers.Probes;

/// <summary>The targets of all probe jobs, one poller each.</summary>
internal sealed class ProbeSource(TimeProvider time) : ITargetSource
{
    /// <summary>A probe ends by its own timeout, which is an answer; the frame's comes behind it.</summary>
    private static readonly TimeSpan s_slack = TimeSpan.FromSeconds(1);

    public IEnumerable<TargetDeclaration> Discover(TargetSections sections) => sections.OfType<ProbeJob>().SelectMany(Targets);

    private IEnumerable<TargetDeclaration> Targets(ProbeJob job)
    {
        TimeSpan timeout = job.Interval > job.Timeout + s_slack ? job.Timeout + s_slack : job.Interval;
        return job.Targets.Select(
            t => new TargetDeclaration(
                job, job.Name, UserInfo.Without(t.Target), job.Interval, timeout, () => new ProbePoller(job, t.Target, time),
                [.. t.Labels.Select(l => new Label(l.Key, l.Value))]));
    }
}
