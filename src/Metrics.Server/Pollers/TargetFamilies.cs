using Metrics.Pollers.Backends;
using Metrics.Pollers.Host;
using Metrics.Pollers.OpenStack;
using Metrics.Pollers.Probes;
using Metrics.Pollers.Scrape;
using Metrics.Pollers.Self;

namespace Metrics.Pollers;

/// <summary>All families of targets; a new one is one line here, and a folder with its section, its source and its pollers.</summary>
internal static class TargetFamilies
{
    public static readonly IReadOnlyList<TargetFamily> All =
    [
        TargetFamily.Of<SelfSource>("self", top => [SelfSection.Read(top)]),
        TargetFamily.Of<HostSource>("host", top => [HostSection.Read(top.Section("host"))]),
        TargetFamily.Of<ProbeSource>("probes", top => top.Sections("probes").Select(ProbeJob.Read)),
        TargetFamily.Of<CloudTargets>("openstack", top => top.Sections("openstack").Select(CloudJob.Read).OfType<CloudJob>()),
        TargetFamily.Of<BackendSource>("backends", BackendKinds.Read),
        TargetFamily.Of<ScrapeSource>("scrape", ScrapeJob.ReadAll),
    ];
}
