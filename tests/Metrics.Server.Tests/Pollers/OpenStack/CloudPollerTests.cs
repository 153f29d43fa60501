using Metrics.Pollers;
using Metrics.Pollers.OpenStack.Cinder;
using Metrics.Pollers.OpenStack;
using Metrics.Pollers.OpenStack.Keystone;
using Metrics.Pollers.OpenStack.Neutron;
using Metrics.Pollers.OpenStack.Nova;
using Metrics.Pollers.OpenStack.Placement;

namespace Metrics.Tests.Pollers.OpenStack;

public sealed class CloudPollerTests : IDisposable
{
    private readonly StubCloud _stub = new();

    [Fact]
    public async Task Quotas_are_asked_for_in_slices_and_one_project_that_fails_takes_no_other_with_it()
    {
        _stub.Answers["/identity/v3/projects"] =
            $"{{\"projects\":[{string.Join(',', Enumerable.Range(0, 8).Select(i => $"{{\"id\":\"p{i}\",\"name\":\"n{i}\"}}"))}]}}";
        for (int i = 0; i < 8; i++)
            _stub.Answers[$"/network/v2.0/quotas/p{i}/details.json"] =
                $"{{\"quota\":{{\"network\":{{\"used\":{i},\"limit\":100,\"reserved\":0}}}}}}";
        _stub.Failures["/network/v2.0/quotas/p3/details.json"] = 500;
        using WatchedCloud cloud = _stub.Connect();
        await StubCloud.PollAsync(new ProjectsPoller(cloud));
        var quotas = new NetworkQuotasPoller(cloud);
        var series = new TargetSeries([]);
        string[] first = await StubCloud.PollAsync(quotas, series);
        first.Count(s => s.Contains("type=\"used\"", StringComparison.Ordinal)).Should().Be(7);
        first.Should().NotContain(s => s.Contains("p3", StringComparison.Ordinal), "what is unknown is not there");
        int asked = _stub.Requests.Count(r => r.Contains("/quotas/", StringComparison.Ordinal));
        _stub.Time.Advance(TimeSpan.FromMinutes(1));
        string[] second = await StubCloud.PollAsync(quotas, series);
        (_stub.Requests.Count(r => r.Contains("/quotas/", StringComparison.Ordinal)) - asked).Should()
            .Be(2, "a quarter of the projects each minute, with a slow interval of four");
        second.Count(s => s.Contains("type=\"used\"", StringComparison.Ordinal)).Should()
            .BeInRange(1, 2, "the others keep their value and its time");
        _stub.Answers["/identity/v3/projects"] = "{\"projects\":[{\"id\":\"p0\",\"name\":\"n0\"}]}";
        await StubCloud.PollAsync(new ProjectsPoller(cloud));
        _stub.Requests.Clear();
        await StubCloud.PollAsync(quotas, series);
        _stub.Requests.Should()
            .OnlyContain(
            r => !r.Contains("/quotas/", StringComparison.Ordinal) || r.Contains("/quotas/p0/", StringComparison.Ordinal),
            "a deleted project is not asked for");
    }

    [Fact]
    public async Task A_metric_that_is_left_out_is_not_there_and_orphans_are_found_all_the_same()
    {
        _stub.Answers["/network/v2.0/ports"] = "{\"ports\":[{\"id\":\"p1\",\"tenant_id\":\"t\",\"status\":\"ACTIVE\",\"fixed_ips\":[]}]}";
        using WatchedCloud cloud = _stub.Connect(", disabled_metrics: [openstack_neutron_port]");
        (await StubCloud.PollAsync(new PortsPoller(cloud))).Should()
            .Equal("openstack_neutron_ports 1", "openstack_neutron_ports_lb_not_active 0", "openstack_neutron_ports_no_ips 1");
        cloud.Inventory[ResourceKind.Port]!.Items.Keys.Should().Equal("p1");
        Action wrong = () => _stub.Connect(", disabled_metrics: [node_load1]");
        wrong.Should().Throw<Metrics.Configuration.ConfigurationException>()
            .WithMessage("*disabled_metrics holds 'node_load1'; the names of these metrics begin with openstack_*");
    }

    [Fact]
    public async Task A_provider_is_asked_again_only_when_its_generation_has_grown()
    {
        void Set(int generation, int used)
        {
            _stub.Answers["/placement/resource_providers"] =
                $"{{\"resource_providers\":[{{\"uuid\":\"r1\",\"name\":\"host-1\",\"generation\":{generation}}}]}}";
            _stub.Answers["/placement/resource_providers/r1/inventories"] =
                $"{{\"resource_provider_generation\":{generation},\"inventories\":{{\"VCPU\":{{\"total\":8,\"reserved\":1,\"allocation_ratio\":16.0}}}}}}";
            _stub.Answers["/placement/resource_providers/r1/usages"] = $"{{\"usages\":{{\"VCPU\":{used}}}}}";
            _stub.Answers["/placement/resource_providers/r1/allocations"] = "{\"allocations\":{}}";
        }
        Set(3, 2);
        using WatchedCloud cloud = _stub.Connect();
        var providers = new ProvidersPoller(cloud);
        (await StubCloud.PollAsync(providers)).Should().Equal(
            "openstack_placement_resource_allocation_ratio{hostname=\"host-1\", resourcetype=\"VCPU\"} 16",
                "openstack_placement_resource_generation{hostname=\"host-1\", resourcetype=\"VCPU\"} 3",
            "openstack_placement_resource_reserved{hostname=\"host-1\", resourcetype=\"VCPU\"} 1",
                "openstack_placement_resource_total{hostname=\"host-1\", resourcetype=\"VCPU\"} 8",
            "openstack_placement_resource_usage{hostname=\"host-1\", resourcetype=\"VCPU\"} 2");
        _stub.Requests.Clear();
        (await StubCloud.PollAsync(providers)).Should().HaveCount(5);
        _stub.Requests.Should().Equal("GET /placement/resource_providers");
        Set(4, 5);
        (await StubCloud.PollAsync(providers)).Should()
            .Contain("openstack_placement_resource_usage{hostname=\"host-1\", resourcetype=\"VCPU\"} 5");
    }

    [Fact]
    public async Task Dormant_accounts_are_told_where_Keystone_tells_them()
    {
        _stub.Answers["/identity/v3/users"] = """
            {"users":[{"id":"u1","name":"alice","domain_id":"default","enabled":true,"last_active_at":"2025-12-10","password_expires_at":"2026-04-01T00:00:00.000000"},
                      {"id":"u2","name":"bob","domain_id":"default","enabled":false,"password_expires_at":null}]}
            """;
        using WatchedCloud cloud = _stub.Connect();
        (await StubCloud.PollAsync(new UsersPoller(cloud))).Should().Equal(
            "openstack_identity_user_inactive_days{domain_id=\"default\", enabled=\"true\", id=\"u1\", name=\"alice\"} 90",
            "openstack_identity_user_password_expires_timestamp_seconds{domain_id=\"default\", enabled=\"true\", id=\"u1\", "
                + "name=\"alice\"} 1775001600",
            "openstack_identity_users 2", "openstack_identity_users_disabled 1");
    }

    [Fact]
    public async Task A_service_is_up_when_it_answers_and_none_of_its_collections_failed()
    {
        _stub.Answers["/compute/v2.1/"] = "{\"version\":{\"version\":\"2.90\"}}";
        _stub.Answers["/compute/v2.1/flavors"] = "{\"flavors\":[]}";
        _stub.Answers["/compute/v2.1/os-services"] = "{\"services\":[]}";
        _stub.Answers["/image/v2/images"] = "{\"images\":[]}";
        _stub.Answers["/identity/v3/auth/catalog"] = "{\"catalog\":[]}";
        _stub.Failures["/network/v2.0/networks"] = 0;
        using WatchedCloud cloud = _stub.Connect();
        var endpoints = new EndpointsPoller(cloud);
        string[] samples = await StubCloud.PollAsync(endpoints);
        samples.Should()
            .Contain("openstack_nova_up 1").And.Contain("openstack_glance_up 1")
            .And.Contain("openstack_neutron_up 0").And.Contain("openstack_cinder_up 0");
        samples.Should()
            .Contain("openstack_api_status_code{interface=\"public\", region=\"R1\", request=\"authenticated\", service=\"neutron\", "
                + "type=\"network\", url=\"http://cloud.test/network/v2.0\"} 0");
        _stub.Failures["/compute/v2.1/os-services"] = 500;
        Func<Task> services = () => StubCloud.PollAsync(new ComputeServicesPoller(cloud));
        await services.Should().ThrowAsync<Metrics.Pollers.OpenStack.Client.CloudException>();
        (await StubCloud.PollAsync(endpoints)).Should().Contain("openstack_nova_up 0", "it answers, but not all that it is asked");
    }

    [Theory]
    [InlineData("up", "down")]
    [InlineData("down", "up")]
    public async Task Of_two_services_of_one_name_the_one_that_is_down_is_seen(string first, string second)
    {
        string Row(string state) => "{\"binary\":\"cinder-volume\",\"host\":\"cinder@ceph\",\"zone\":\"nova\",\"status\":\"enabled\","
            + $"\"state\":\"{state}\",\"updated_at\":\"2026-03-{(state == "up" ? "10" : "04")}T11:00:00.000000\",\"disabled_reason\":null}}";
        _stub.Answers["/volume/v3/os-services"] = $"{{\"services\":[{Row(first)},{Row(second)}]}}";
        using WatchedCloud cloud = _stub.Connect();
        (await StubCloud.PollAsync(new VolumeServicesPoller(cloud))).Should().Equal(
            "openstack_cinder_agent_last_report_timestamp_seconds{hostname=\"cinder@ceph\", service=\"cinder-volume\"} 1772622000",
            "openstack_cinder_agent_state{adminState=\"enabled\", hostname=\"cinder@ceph\", service=\"cinder-volume\", zone=\"nova\"} 0");
    }

    [Theory]
    [InlineData("10.0.0.0/8", "", 26, 262144)]
    [InlineData("10.0.0.0/24", "10.0.0.0/26,10.0.0.128/26", 26, 2)]
    [InlineData("10.0.0.0/24", "10.0.0.0/26,10.0.0.128/26", 25, 0)]
    [InlineData("10.0.0.0/24", "10.0.0.0/24", 26, 0)]
    [InlineData("fd00::/48", "fd00::/64", 64, 65535)]
    public void Room_in_a_subnet_pool_is_counted_around_what_is_taken(string prefix, string taken, int length, double free) =>
        SubnetsPoller.Free(
            System.Net.IPNetwork.Parse(prefix),
            [.. taken.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(t => System.Net.IPNetwork.Parse(t))], length).Should()
            .Be(free);

    public void Dispose() => _stub.Dispose();
}
