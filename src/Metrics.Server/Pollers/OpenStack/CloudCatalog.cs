using Metrics.Pollers.OpenStack.Cinder;
using Metrics.Pollers.OpenStack.Client;
using Metrics.Pollers.OpenStack.Designate;
using Metrics.Pollers.OpenStack.Glance;
using Metrics.Pollers.OpenStack.Gnocchi;
using Metrics.Pollers.OpenStack.Heat;
using Metrics.Pollers.OpenStack.Ironic;
using Metrics.Pollers.OpenStack.Keystone;
using Metrics.Pollers.OpenStack.Magnum;
using Metrics.Pollers.OpenStack.Manila;
using Metrics.Pollers.OpenStack.Neutron;
using Metrics.Pollers.OpenStack.Nova;
using Metrics.Pollers.OpenStack.Octavia;
using Metrics.Pollers.OpenStack.Orphans;
using Metrics.Pollers.OpenStack.Placement;
using Metrics.Pollers.OpenStack.Swift;
using Metrics.Pollers.OpenStack.Trove;

namespace Metrics.Pollers.OpenStack;

/// <summary>How often a collection is listed.</summary>
internal enum CloudPace
{
    /// <summary>State that somebody waits for: <c>check_interval</c>.</summary>
    Check,

    /// <summary>What changes by the minute: <c>interval</c>.</summary>
    Normal,

    /// <summary>What changes slowly: <c>slow_interval</c>.</summary>
    Slow,
}

/// <summary>One collection: a poller, its service and its pace.</summary>
internal sealed record CloudCollection(string Name, CloudService Service, CloudPace Pace, Func<WatchedCloud, IPoller> Create)
{
    /// <summary>Whether it lists what can be left behind by whoever owned it.</summary>
    public bool HoldsResources { get; init; }
}

/// <summary>Everything that is asked of a cloud; a new poller is one line here.</summary>
internal static class CloudCatalog
{
    public static readonly IReadOnlyList<CloudCollection> All =
    [
        new("endpoints", CloudService.Identity, CloudPace.Check, c => new EndpointsPoller(c)),
        new("identity/projects", CloudService.Identity, CloudPace.Normal, c => new ProjectsPoller(c)),
        new("identity/domains", CloudService.Identity, CloudPace.Slow, c => new DomainsPoller(c)),
        new("identity/users", CloudService.Identity, CloudPace.Slow, c => new UsersPoller(c)),
        new("identity/groups", CloudService.Identity, CloudPace.Slow, CountPoller.Groups),
        new("identity/regions", CloudService.Identity, CloudPace.Slow, CountPoller.Regions),
        new("nova/services", CloudService.Nova, CloudPace.Check, c => new ComputeServicesPoller(c)),
        new("nova/hypervisors", CloudService.Nova, CloudPace.Normal, c => new HypervisorsPoller(c)),
        new("nova/servers", CloudService.Nova, CloudPace.Normal, c => new ServersPoller(c)) { HoldsResources = true },
        new("nova/flavors", CloudService.Nova, CloudPace.Slow, c => new FlavorsPoller(c)),
        new("nova/zones", CloudService.Nova, CloudPace.Slow, CountPoller.Zones),
        new("nova/security_groups", CloudService.Nova, CloudPace.Slow, c => new ComputeSecurityGroupsPoller(c)),
        new("nova/quotas", CloudService.Nova, CloudPace.Normal, c => new ComputeQuotasPoller(c)),
        new("placement/providers", CloudService.Placement, CloudPace.Normal, c => new ProvidersPoller(c)) { HoldsResources = true },
        new("neutron/agents", CloudService.Neutron, CloudPace.Check, c => new NetworkAgentsPoller(c)),
        new("neutron/networks", CloudService.Neutron, CloudPace.Slow, c => new NetworksPoller(c)) { HoldsResources = true },
        new("neutron/subnets", CloudService.Neutron, CloudPace.Slow, c => new SubnetsPoller(c)),
        new("neutron/ports", CloudService.Neutron, CloudPace.Normal, c => new PortsPoller(c)) { HoldsResources = true },
        new("neutron/routers", CloudService.Neutron, CloudPace.Normal, c => new RoutersPoller(c)) { HoldsResources = true },
        new("neutron/floating_ips", CloudService.Neutron, CloudPace.Normal, c => new FloatingIpsPoller(c)) { HoldsResources = true },
        new("neutron/security_groups", CloudService.Neutron, CloudPace.Slow, c => new SecurityGroupsPoller(c)) { HoldsResources = true },
        new("neutron/addresses", CloudService.Neutron, CloudPace.Normal, c => new AddressesPoller(c)),
        new("neutron/quotas", CloudService.Neutron, CloudPace.Normal, c => new NetworkQuotasPoller(c)),
        new("cinder/services", CloudService.Cinder, CloudPace.Check, c => new VolumeServicesPoller(c)),
        new("cinder/pools", CloudService.Cinder, CloudPace.Normal, c => new PoolsPoller(c)),
        new("cinder/volumes", CloudService.Cinder, CloudPace.Normal, c => new VolumesPoller(c)) { HoldsResources = true },
        new("cinder/snapshots", CloudService.Cinder, CloudPace.Slow, c => new SnapshotsPoller(c)) { HoldsResources = true },
        new("cinder/quotas", CloudService.Cinder, CloudPace.Normal, c => new VolumeQuotasPoller(c)),
        new("glance/images", CloudService.Glance, CloudPace.Slow, c => new ImagesPoller(c)) { HoldsResources = true },
        new("loadbalancer/loadbalancers", CloudService.Octavia, CloudPace.Normal, c => new LoadBalancersPoller(c)),
        new("loadbalancer/pools", CloudService.Octavia, CloudPace.Normal, c => new LoadBalancerPoolsPoller(c)),
        new("loadbalancer/amphorae", CloudService.Octavia, CloudPace.Normal, c => new AmphoraePoller(c)),
        new("heat/stacks", CloudService.Heat, CloudPace.Slow, c => new StacksPoller(c)),
        new("container_infra/clusters", CloudService.Magnum, CloudPace.Slow, c => new ClustersPoller(c)),
        new("designate/zones", CloudService.Designate, CloudPace.Slow, c => new ZonesPoller(c)),
        new("ironic/nodes", CloudService.Ironic, CloudPace.Normal, c => new BareMetalNodesPoller(c)),
        new("sharev2/shares", CloudService.Manila, CloudPace.Slow, c => new SharesPoller(c)),
        new("trove/instances", CloudService.Trove, CloudPace.Normal, c => new DatabaseInstancesPoller(c)),
        new("gnocchi/status", CloudService.Gnocchi, CloudPace.Slow, c => new GnocchiPoller(c)),
        new("object_store/containers", CloudService.Swift, CloudPace.Slow, c => new ContainersPoller(c)),
        new("orphans", CloudService.Identity, CloudPace.Check, c => new OrphansPoller(c)),
    ];
}
