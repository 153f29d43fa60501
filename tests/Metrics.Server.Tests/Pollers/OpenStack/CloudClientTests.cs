using System.Text.Json;
using Metrics.Configuration;
using Metrics.Hosting;
using Metrics.Pollers.OpenStack;
using Metrics.Pollers.OpenStack.Cinder;
using Metrics.Pollers.OpenStack.Client;

namespace Metrics.Tests.Pollers.OpenStack;

public sealed class CloudClientTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("clouds").FullName;
    private readonly StubCloud _stub = new();

    [Fact]
    public async Task A_token_is_got_once_renewed_before_its_end_and_after_a_401()
    {
        _stub.Answers["/identity/v3/groups"] = "{\"groups\":[{\"id\":\"a\"}],\"links\":{\"next\":null}}";
        using WatchedCloud cloud = _stub.Connect();
        var groups = CountPoller.Groups(cloud);
        for (int i = 0; i < 3; i++)
            (await StubCloud.PollAsync(groups)).Should().Equal("openstack_identity_groups 1");
        _stub.Tokens.Should().Be(1);
        _stub.Time.Advance(TimeSpan.FromMinutes(58));
        await StubCloud.PollAsync(groups);
        _stub.Tokens.Should().Be(2, "it would have ended in two minutes");
        _stub.Revoked.Add("token-2");
        (await StubCloud.PollAsync(groups)).Should().Equal("openstack_identity_groups 1");
        _stub.Tokens.Should().Be(3, "a refused token is replaced, and the question is asked again");
        _stub.Requests.Should().NotContain(r => r.Contains("token-", StringComparison.Ordinal));
    }

    [Fact]
    public async Task While_Keystone_is_away_a_good_token_goes_on_being_used()
    {
        _stub.Answers["/volume/v3/snapshots/detail"] = "{\"snapshots\":[]}";
        using WatchedCloud cloud = _stub.Connect();
        var snapshots = new SnapshotsPoller(cloud);
        await StubCloud.PollAsync(snapshots);
        _stub.Failures["/identity/v3/auth/tokens"] = 503;
        _stub.Time.Advance(TimeSpan.FromMinutes(58));
        (await StubCloud.PollAsync(snapshots)).Should().Contain("openstack_cinder_snapshots 0");
        _stub.Time.Advance(TimeSpan.FromMinutes(5));
        Func<Task> after = () => StubCloud.PollAsync(snapshots);
        (await after.Should().ThrowAsync<CloudException>()).Which.Message.Should()
            .Be("identity POST /auth/tokens: HTTP 503: as the test wants it");
        _stub.Failures.Clear();
        _stub.Time.Advance(TimeSpan.FromSeconds(11));
        await StubCloud.PollAsync(snapshots);
    }

    [Fact]
    public async Task A_service_that_refuses_a_token_while_Keystone_is_away_takes_it_from_no_other()
    {
        _stub.Answers["/volume/v3/snapshots/detail"] = "{\"snapshots\":[]}";
        _stub.Answers["/identity/v3/groups"] = "{\"groups\":[{\"id\":\"a\"}],\"links\":{\"next\":null}}";
        using WatchedCloud cloud = _stub.Connect();
        var snapshots = new SnapshotsPoller(cloud);
        await StubCloud.PollAsync(snapshots);
        _stub.Failures["/identity/v3/auth/tokens"] = 503;
        _stub.Failures["/identity/v3/groups"] = 401;
        Func<Task> refused = () => StubCloud.PollAsync(CountPoller.Groups(cloud));
        (await refused.Should().ThrowAsync<CloudException>()).Which.Status.Should().Be(401);
        (await StubCloud.PollAsync(snapshots)).Should().Contain("openstack_cinder_snapshots 0");
        _stub.Failures.Clear();
        _stub.Time.Advance(TimeSpan.FromSeconds(11));
        await StubCloud.PollAsync(snapshots);
        _stub.Tokens.Should().Be(2, "a new token is got as soon as Keystone gives one");
    }

    [Fact]
    public async Task Every_form_of_paging_is_followed_and_a_missing_page_fails_the_whole_list()
    {
        _stub.Answers["/identity/v3/groups"] =
            "{\"groups\":[{\"id\":\"a\"}],\"links\":{\"next\":\"http://other.host/v3/groups?marker=a\"}}";
        _stub.Answers["/identity/v3/groups?marker=a"] = "{\"groups\":[{\"id\":\"b\"}],\"links\":{}}";
        _stub.Answers["/volume/v3/snapshots/detail"] =
            "{\"snapshots\":[{\"id\":\"1\"}],\"snapshots_links\":[{\"rel\":\"next\",\"href\":\"http://10.0.0.1/x/v3/p/snapshots/detail?all_tenants=true&limit=1&marker=1\"}]}";
        _stub.Answers["/volume/v3/snapshots/detail?marker=1"] = "{\"snapshots\":[{\"id\":\"2\"}]}";
        _stub.Answers["/image/v2/images"] = "{\"images\":[{\"id\":\"1\",\"size\":5}],\"next\":\"/v2/images?limit=1000&marker=1\"}";
        _stub.Answers["/image/v2/images?marker=1"] = "{\"images\":[{\"id\":\"2\",\"size\":null}]}";
        using WatchedCloud cloud = _stub.Connect();
        (await StubCloud.PollAsync(CountPoller.Groups(cloud))).Should().Equal("openstack_identity_groups 2");
        (await StubCloud.PollAsync(new SnapshotsPoller(cloud))).Should().Contain("openstack_cinder_snapshots 2");
        (await StubCloud.PollAsync(new Metrics.Pollers.OpenStack.Glance.ImagesPoller(cloud))).Should()
            .Contain("openstack_glance_images 2").And.ContainSingle(
            s => s.StartsWith("openstack_glance_image_bytes", StringComparison.Ordinal), "an image without a size has no size");
        _stub.Requests.Should()
            .OnlyContain(r => !r.Contains("/x/v3", StringComparison.Ordinal), "an address that only the service can reach is not followed");

        _stub.Answers.Remove("/volume/v3/snapshots/detail?marker=1");
        _stub.Answers["/volume/v3/snapshots/detail?marker=1"] = "{}";
        Listing<Resource>? before = cloud.Inventory[ResourceKind.Snapshot];
        Func<Task> broken = () => StubCloud.PollAsync(new SnapshotsPoller(cloud));
        (await broken.Should().ThrowAsync<CloudException>()).Which.Message.Should().Contain("has no list 'snapshots'");
        cloud.Inventory[ResourceKind.Snapshot].Should().BeSameAs(before, "a part of a list is no list");
        _stub.Answers["/volume/v3/snapshots/detail?marker=1"] = _stub.Answers["/volume/v3/snapshots/detail"];
        (await broken.Should().ThrowAsync<CloudException>()).Which.Message.Should().Contain("is that page again");
    }

    [Theory]
    [InlineData("2.93", "2.87")]
    [InlineData("2.14", "2.14")]
    [InlineData("2.9", "2.9")]
    public async Task The_microversion_is_what_both_sides_know(string max, string expected)
    {
        _stub.Answers["/compute/v2.1/"] = $"{{\"version\":{{\"id\":\"v2.1\",\"version\":\"{max}\",\"min_version\":\"2.1\"}}}}";
        _stub.Answers["/compute/v2.1/os-services"] = "{\"services\":[]}";
        var seen = new List<string?>();
        using var handler = new HeaderSpy(_stub, seen);
        using var cloud =
            new WatchedCloud(
                MetricsOptions.Parse($"openstack: [ {{ auth: {{ auth_url: '{StubCloud.Url}/identity', username: u, password: p }} }} "
                    + $"]").Targets.OfType<CloudJob>().First(), new CloudMetrics(new Metrics.Telemetry.MetricRegistry()), _stub.Time,
                    Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance, handler);
        await StubCloud.PollAsync(new Metrics.Pollers.OpenStack.Nova.ComputeServicesPoller(cloud));
        seen.Should().EndWith($"compute {expected}");
    }

    [Fact]
    public async Task What_the_services_say_is_told_and_no_secret_is()
    {
        _stub.Failures["/identity/v3/groups"] = 403;
        using WatchedCloud cloud = _stub.Connect();
        Func<Task> refused = () => StubCloud.PollAsync(CountPoller.Groups(cloud));
        (await refused.Should().ThrowAsync<CloudException>()).Which.Message.Should()
            .Be("identity GET /groups: HTTP 403: as the test wants it");
        Token token = await cloud.Session.GetAsync(default);
        $"{token} {cloud.Job.Access.Auth} {cloud.Job}".Should().NotContain("token-1").And.NotContain("Password = p");
        CloudException.Reason("{\"NeutronError\":{\"type\":\"X\",\"message\":\"No such\\nthing\"}}").Should().Be(": No such thing");
        CloudException.Reason("{\"errors\":[{\"status\":404,\"detail\":\"No resource provider\"}]}").Should().Be(": No resource provider");
        CloudException.Reason("<html>").Should().BeEmpty();
    }

    [Fact]
    public void Accounts_are_read_from_clouds_yaml_with_its_secrets_or_told_what_lacks()
    {
        File.WriteAllText(Path.Combine(_folder, "clouds.yaml"), """
            clouds:
              prod:
                profile: ignored
                auth: { auth_url: https://keystone.example:5000/v3, username: monitor, project_name: ops, user_domain_name: Corp, project_domain_id: d1 }
                region_name: West
                interface: internal
                verify: false
              app:
                auth_type: v3applicationcredential
                auth: { auth_url: http://k:5000, application_credential_id: abc, application_credential_secret: s3cret }
              half: { auth: { auth_url: http://k:5000, username: x } }
            """);
        File.WriteAllText(Path.Combine(_folder, "secure.yaml"), "clouds: { prod: { auth: { password: hidden } } }");
        CloudJob prod = Read("cloud: prod").Single();
        prod.Name.Should().Be("prod");
        (prod.Access.Region, prod.Access.Interface, prod.Access.Tls.InsecureSkipVerify).Should().Be(("West", "internal", true));
        Body(prod).Should()
            .Be("""{"auth":{"identity":{"methods":["password"],"password":{"user":{"name":"monitor","domain":{"name":"Corp"},"password":"hidden"}}},"scope":{"project":{"name":"ops","domain":{"id":"d1"}}}}}""");
        Body(Read("cloud: app").Single()).Should()
            .Be("""{"auth":{"identity":{"methods":["application_credential"],"application_credential":{"id":"abc","secret":"s3cret"}}}}""");
        Problems("cloud: half").Should().ContainSingle().Which.Should()
            .Contain("openstack[0].cloud needs username and password, or application_credential_id");
        Problems("cloud: nowhere").Should().ContainSingle().Which.Should().Contain("is 'nowhere'; ").And.EndWith("has prod, app, half");
        Problems("cloud: prod, disabled: [nova/fish]").Should().ContainSingle().Which.Should()
            .Contain("holds 'nova/fish'; known are endpoints, identity/projects");
        ConfigurationProblems("openstack: [ { auth: { auth_url: 'http://k', username: a, password: b, sytem_scope: all } } ]").Should()
            .ContainSingle().Which.Should().Contain("did you mean 'system_scope'?");

        IReadOnlyList<CloudJob> Read(string entry) =>
            MetricsOptions.Parse($"openstack: [ {{ {entry}, clouds_file: '{_folder}/clouds.yaml' }} ]").Targets.OfType<CloudJob>().ToList();
        string[] Problems(string entry) => ConfigurationProblems($"openstack: [ {{ {entry}, clouds_file: '{_folder}/clouds.yaml' }} ]");
    }

    public void Dispose()
    {
        _stub.Dispose();
        Directory.Delete(_folder, true);
    }

    private static string[] ConfigurationProblems(string yaml)
    {
        Action parse = () => MetricsOptions.Parse(yaml);
        return [.. parse.Should().Throw<ConfigurationException>().Which.Problems.Select(p => p.ToString())];
    }

    private static string Body(CloudJob job)
    {
        using JsonDocument document = JsonDocument.Parse(job.Access.Auth.ToRequest());
        return document.RootElement.GetRawText();
    }

    /// <summary>Notes the header that names the microversion.</summary>
    private sealed class HeaderSpy(HttpMessageHandler inner, List<string?> seen) : DelegatingHandler(inner)
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (request.RequestUri!.AbsolutePath.EndsWith("/os-services", StringComparison.Ordinal))
                seen.Add(request.Headers.TryGetValues("OpenStack-API-Version", out IEnumerable<string>? values) ? values.Single() : null);
            return base.SendAsync(request, cancellationToken);
        }
    }
}
