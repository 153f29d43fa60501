namespace Metrics.Pollers.OpenStack.Client;

/// <summary>A kind of OpenStack service: how it is called in the catalogue, and how it is spoken to.</summary>
/// <param name="Name">Its name in metric names, as openstack-exporter has it: <c>nova</c> in <c>openstack_nova_up</c>.</param>
/// <param name="Types">Its types in the catalogue, the preferred first.</param>
/// <param name="VersionPath">Appended to an endpoint that names no version; null where none is needed.</param>
/// <param name="MicroversionName">Its name in the header <c>OpenStack-API-Version</c>; null where the API has no microversions.</param>
/// <param name="Microversion">The newest microversion that we read.</param>
/// <param name="CheapCall">An authenticated call that costs little and shows that the service works, or null.</param>
/// <remarks>
/// https://service-types.openstack.org/service-types.json ;
/// https://specs.openstack.org/openstack/api-sig/guidelines/microversion_specification.html
/// </remarks>
internal sealed record CloudService(
    string Name, string[] Types, string? VersionPath = null, string? MicroversionName = null, string? Microversion = null,
    string? CheapCall = null)
{
    public static readonly CloudService Identity = new("identity", ["identity"], "v3", CheapCall: "/auth/catalog");

    /// <summary>2.87: from 2.88 on hypervisors no longer tell what they have and use.</summary>
    public static readonly CloudService Nova = new("nova", ["compute"], null, "compute", "2.87", "/flavors?limit=1");

    public static readonly CloudService Placement =
        new("placement", ["placement"], null, "placement", "1.39", "/resource_providers?name=nobody");

    public static readonly CloudService Neutron = new("neutron", ["network"], "v2.0", CheapCall: "/networks?limit=1&fields=id");

    public static readonly CloudService Cinder =
        new("cinder", ["block-storage", "volumev3", "volume"], null, "volume", "3.70", "/types?limit=1");

    public static readonly CloudService Glance = new("glance", ["image"], "v2", CheapCall: "/images?limit=1");

    public static readonly CloudService Octavia =
        new("loadbalancer", ["load-balancer"], "v2.0", CheapCall: "/lbaas/loadbalancers?limit=1&fields=id");

    public static readonly CloudService Heat = new("heat", ["orchestration"], CheapCall: "/stacks?limit=1");

    public static readonly CloudService Magnum =
        new("container_infra", ["container-infrastructure-management", "container-infra"], CheapCall: "/clusters?limit=1");

    public static readonly CloudService Gnocchi = new("gnocchi", ["metric"], "v1", CheapCall: "/status?details=false");

    public static readonly CloudService Swift = new("object_store", ["object-store"], CheapCall: "?limit=1&format=json");

    public static readonly CloudService Designate =
        new("designate", ["dns"], "v2", CheapCall: "/zones?limit=1") { Header = ("X-Auth-All-Projects", "True") };

    /// <summary>1.61: nodes tell whether they are retired.</summary>
    public static readonly CloudService Ironic = new("ironic", ["baremetal"], "v1", "baremetal", "1.61", "/nodes?limit=1&fields=uuid");

    public static readonly CloudService Manila =
        new("sharev2", ["shared-file-system", "sharev2"], "v2", "shared-file-system", "2.42",
            "/shares?limit=1") { MicroversionHeader = "X-OpenStack-Manila-API-Version" };

    public static readonly CloudService Trove = new("trove", ["database"], CheapCall: "/instances?limit=1");

    /// <summary>Services that are in the catalogue, but that we do not know.</summary>
    public static readonly CloudService Other = new("other", []);

    public static readonly IReadOnlyList<CloudService> All =
        [Identity, Nova, Placement, Neutron, Cinder, Glance, Octavia, Heat, Magnum, Gnocchi, Swift, Designate, Ironic, Manila, Trove];

    /// <summary>A header of its own for the microversion, of a service that does not know the common one.</summary>
    public string? MicroversionHeader { get; init; }

    /// <summary>Sent with every request: shows what belongs to other projects.</summary>
    public (string Name, string Value)? Header { get; init; }

    public override string ToString() => Name;
}
