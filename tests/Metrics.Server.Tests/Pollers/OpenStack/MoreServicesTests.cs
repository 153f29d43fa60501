using Metrics.Pollers.OpenStack;
using Metrics.Pollers.OpenStack.Designate;
using Metrics.Pollers.OpenStack.Ironic;
using Metrics.Pollers.OpenStack.Manila;
using Metrics.Pollers.OpenStack.Trove;

namespace Metrics.Tests.Pollers.OpenStack;

/// <summary>Services beside the core ones; answers in the words of their API references.</summary>
public sealed class MoreServicesTests : IDisposable
{
    private static readonly (string Type, string Path)[] s_services =
        [("dns", "/dns"), ("baremetal", "/baremetal"), ("sharev2", "/share/v2"), ("database", "/db/v1.0/own")];

    private readonly StubCloud _stub = new()
    {
        Token = $$$"""
            {"token":{"expires_at":"2026-03-10T13:00:00.000000Z","project":{"id":"own"},"catalog":[{{{string.Join(',', s_services.Select(Endpoint))}}}]}}
            """,
    };

    private readonly WatchedCloud _cloud;

    private static string Endpoint((string Type, string Path) service) =>
        $$$"""{"type":"{{{service.Type}}}","name":"{{{service.Type}}}","endpoints":[{"interface":"public","region":"RegionOne","region_id":"RegionOne","url":"{{{StubCloud.Url}}}{{{service.Path}}}"}]}""";

    public MoreServicesTests() => _cloud = _stub.Connect();

    public void Dispose()
    {
        _cloud.Dispose();
        _stub.Dispose();
    }

    [Fact]
    public async Task Zones_of_all_projects_with_their_recordsets_in_two_calls()
    {
        _stub.Answers["/dns/v2/zones"] =
            """{"zones":[{"id":"z1","name":"a.example.","project_id":"p","status":"ACTIVE","type":"PRIMARY"},{"id":"z2","name":"b.example.","project_id":"q","status":"PENDING","type":"SECONDARY"}],"links":{"self":"x"},"metadata":{"total_count":2}}""";
        _stub.Answers["/dns/v2/recordsets"] =
            """{"recordsets":[{"id":"r1","name":"www.a.example.","zone_id":"z1","zone_name":"a.example.","type":"A","status":"ERROR"}],"links":{}}""";
        (await StubCloud.PollAsync(new ZonesPoller(_cloud))).Should().Equal(
            """openstack_designate_recordsets_status{id="r1", name="www.a.example.", status="ERROR", type="A", zone_id="z1", zone_name="a.example."} 3""",
            """openstack_designate_recordsets{tenant_id="p", zone_id="z1", zone_name="a.example."} 1""",
            """openstack_designate_recordsets{tenant_id="q", zone_id="z2", zone_name="b.example."} 0""",
            """openstack_designate_zone_status{id="z1", name="a.example.", status="ACTIVE", tenant_id="p", type="PRIMARY"} 1""",
            """openstack_designate_zone_status{id="z2", name="b.example.", status="PENDING", tenant_id="q", type="SECONDARY"} 0""",
            "openstack_designate_zones 2");
        _stub.Requests.Count(r => r.StartsWith("GET /dns", StringComparison.Ordinal)).Should().Be(2);
        _stub.Headers["/dns/v2/zones"].Should().Contain("X-Auth-All-Projects: True", "else Designate shows the own project alone");
    }

    [Fact]
    public async Task Recordsets_are_asked_for_by_zone_where_they_cannot_be_had_at_once()
    {
        _stub.Answers["/dns/v2/zones"] =
            """{"zones":[{"id":"z1","name":"a.example.","project_id":"p","status":"ACTIVE","type":"PRIMARY"}]}""";
        _stub.Answers["/dns/v2/zones/z1/recordsets"] =
            """{"recordsets":[{"id":"r1","name":"www.a.example.","zone_id":"z1","zone_name":"a.example.","type":"A","status":"ACTIVE"}]}""";
        (await StubCloud.PollAsync(new ZonesPoller(_cloud))).Should()
            .Contain("""openstack_designate_recordsets{tenant_id="p", zone_id="z1", zone_name="a.example."} 1""");
    }

    [Fact]
    public async Task Bare_metal_nodes_in_the_microversion_that_tells_what_is_retired()
    {
        _stub.Answers["/baremetal/v1/"] = """{"id":"v1","version":{"id":"v1","min_version":"1.1","version":"1.80"}}""";
        _stub.Answers["/baremetal/v1/nodes/detail"] =
            """{"nodes":[{"uuid":"n1","name":"rack1-7","provision_state":"active","power_state":"power on","maintenance":true,"console_enabled":false,"resource_class":"large","driver_info":{"deploy_kernel":"file:///k"},"retired":false,"retired_reason":null}]}""";
        (await StubCloud.PollAsync(new BareMetalNodesPoller(_cloud))).Should().Equal(
            """openstack_ironic_node{console_enabled="false", deploy_kernel="file:///k", id="n1", maintenance="true", name="rack1-7", power_state="power on", provision_state="active", resource_class="large", retired="false"} 1""");
        _stub.Headers["/baremetal/v1/nodes/detail"].Should().Contain("OpenStack-API-Version: baremetal 1.61");
    }

    [Fact]
    public async Task Shares_with_the_header_that_Manila_knows()
    {
        _stub.Answers["/share/v2/"] = """{"versions":[{"id":"v2.0","version":"2.30","min_version":"2.0"}]}""";
        _stub.Answers["/share/v2/shares/detail"] =
            """{"shares":[{"id":"s1","name":"home","status":"available","size":5,"availability_zone":"nova","share_type":"t1","share_type_name":"gold","share_proto":"NFS","project_id":"p"}]}""";
        string[] samples = await StubCloud.PollAsync(new SharesPoller(_cloud));
        samples.Should().Contain([
            """openstack_sharev2_share_gb{availability_zone="nova", id="s1", name="home", project_id="p", share_proto="NFS", share_type="t1", share_type_name="gold", status="available"} 5""",
            """openstack_sharev2_share_status{id="s1", name="home", project_id="p", share_proto="NFS", share_type="t1", share_type_name="gold", size="5", status="available"} 1""",
            """openstack_sharev2_share_status_counter{status="available"} 1""",
            """openstack_sharev2_share_status_counter{status="error"} 0""",
            "openstack_sharev2_shares_counter 1"]);
        _stub.Headers["/share/v2/shares/detail"].Should().Contain("X-OpenStack-Manila-API-Version: 2.30");
    }

    [Fact]
    public async Task Database_instances_whose_guest_is_silent_have_no_use_of_their_volume()
    {
        _stub.Answers["/db/v1.0/own/mgmt/instances"] =
            """{"instances":[{"id":"i1","name":"orders","status":"ACTIVE","tenant_id":"p","region":"RegionOne","datastore":{"type":"mysql","version":"8.0"},"volume":{"size":10,"used":2.5}},{"id":"i2","name":"new","status":"BUILD","tenant_id":"p","region":"RegionOne","datastore":{"type":"mysql","version":"8.0"},"volume":{"size":10}}]}""";
        string[] samples = await StubCloud.PollAsync(new DatabaseInstancesPoller(_cloud));
        samples.Should().Contain([
            """openstack_trove_instance_status{datastore_type="mysql", datastore_version="8.0", id="i1", name="orders", region="RegionOne", status="ACTIVE", tenant_id="p"} 2""",
            """openstack_trove_instance_volume_used_gb{datastore_type="mysql", datastore_version="8.0", id="i1", name="orders", region="RegionOne", status="ACTIVE", tenant_id="p"} 2.5""",
            "openstack_trove_total_instances 2"]);
        samples.Should()
            .NotContain(
            s => s.StartsWith("openstack_trove_instance_volume_used_gb", StringComparison.Ordinal)
            && s.Contains("i2", StringComparison.Ordinal));
    }
}
