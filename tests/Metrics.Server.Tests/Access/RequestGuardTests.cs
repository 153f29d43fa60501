using System.Net;
using System.Text;
using Metrics.Access;
using Metrics.Alerting;
using Metrics.Configuration;
using Metrics.Hosting;
using Metrics.Telemetry;
using Microsoft.AspNetCore.Http;

namespace Metrics.Tests.Access;

/// <summary>What a page in somebody's browser must not do here.</summary>
public sealed class RequestGuardTests
{
    private const string Open = """
        external_url: https://metrics.example
        auth: { allowed_hosts: [monitor.lan], allowed_origins: ['https://karma.example'] }
        """;

    private const string WithTokens = """
        external_url: https://metrics.example
        auth: { tokens: [ { name: a, role: admin, token: t } ], allowed_origins: ['https://karma.example'] }
        """;

    [Theory]
    [InlineData("127.0.0.1:9890", null)]
    [InlineData("localhost:9890", null)]
    [InlineData("LOCALHOST", null)]
    [InlineData("127.0.0.2", null)]
    [InlineData("[::1]:9890", null)]
    [InlineData("metrics.example", null)]
    [InlineData("monitor.lan:9890", null)]
    [InlineData("", null)]
    [InlineData("evil.example:9890", "host")]
    [InlineData("localhost.evil.example", "host")]
    [InlineData("127.0.0.1.evil.example", "host")]
    [InlineData("10.0.0.1:9890", "host")]
    public void Without_tokens_only_its_own_names_are_answered(string host, string? reason) =>
        Judge(Open, "GET", host).Should().Be(reason);

    [Fact]
    public void With_tokens_any_name_will_do() => Judge(WithTokens, "GET", "evil.example").Should().BeNull();

    [Theory]
    [InlineData("127.0.0.1", null)]
    [InlineData("::1", null)]
    [InlineData("::ffff:127.0.0.1", null)]
    [InlineData("10.0.0.1", "address")]
    [InlineData("::ffff:10.0.0.1", "address")]
    [InlineData("fe80::1", "address")]
    public void Without_tokens_only_this_machine_is_answered_even_where_it_still_listens_for_others(string address, string? reason)
    {
        Judge(Open, "GET", "127.0.0.1:9890", from: address).Should().Be(reason);
        Judge(WithTokens, "GET", "127.0.0.1:9890", from: address).Should().BeNull();
    }

    [Theory]
    [InlineData("POST", "http://127.0.0.1:9890", null)]
    [InlineData("POST", "https://metrics.example", null)]
    [InlineData("POST", "https://karma.example", null)]
    [InlineData("POST", "http://karma.example", "origin")]
    [InlineData("POST", "http://evil.example", "origin")]
    [InlineData("POST", "http://127.0.0.1:8080", "origin")]
    [InlineData("POST", "http://metrics.example", "origin")]
    [InlineData("POST", "null", "origin")]
    [InlineData("DELETE", "http://evil.example", "origin")]
    [InlineData("PUT", "http://evil.example", "origin")]
    [InlineData("WRITE", "http://evil.example", "origin")]
    [InlineData("GET", "http://evil.example", null)]
    [InlineData("HEAD", "http://evil.example", null)]
    public void What_changes_something_must_not_come_from_another_sites_page(string method, string origin, string? reason)
    {
        Judge(Open, method, "127.0.0.1:9890", [("Origin", origin)]).Should().Be(reason);
        Judge(WithTokens, method, "127.0.0.1:9890", [("Origin", origin), ("Authorization", "Basic eDp0")]).Should().Be(reason);
    }

    [Theory]
    [InlineData("same-origin", null)]
    [InlineData("none", null)]
    [InlineData("same-site", "origin")]
    [InlineData("cross-site", "origin")]
    [InlineData("anything", "origin")]
    public void A_browser_says_itself_that_a_page_is_another_sites(string site, string? reason) =>
        Judge(Open, "POST", "127.0.0.1:9890", [("Sec-Fetch-Site", site)]).Should().Be(reason);

    [Theory]
    [InlineData("admin", "GET", "origin")]
    [InlineData("admin", "HEAD", "origin")]
    [InlineData("operator", "GET", null)]
    [InlineData("viewer", "GET", null)]
    [InlineData("viewer", "POST", null)]
    [InlineData("operator", "POST", "origin")]
    public void What_is_for_admins_must_not_come_from_another_sites_page_either(string role, string method, string? reason)
    {
        var route = new Endpoint(null, new EndpointMetadataCollection(new ForAttribute(Roles.All.Single(r => r.Name() == role))), null);
        foreach ((string, string) header in ((string, string)[])[("Sec-Fetch-Site", "cross-site"), ("Origin", "http://evil.example")])
            Judge(Open, method, "127.0.0.1:9890", [header], route: route).Should().Be(reason);
        Judge(Open, method, "127.0.0.1:9890", route: route).Should().BeNull("what says nothing is no browser");
        Judge(Open, method, "127.0.0.1:9890", [("Sec-Fetch-Site", "none")], route: route).Should().BeNull("somebody has typed it");
    }

    [Fact]
    public void A_token_in_a_header_that_no_browser_sends_by_itself_is_proof_enough()
    {
        Judge(WithTokens, "POST", "127.0.0.1:9890", [("Origin", "http://evil.example"), ("Authorization", "Bearer t")]).Should().BeNull();
        Judge(Open, "POST", "127.0.0.1:9890", [("Origin", "http://evil.example"), ("Authorization", "Bearer t")]).Should().Be("origin");
    }

    [Fact]
    public async Task The_running_daemon_refuses_counts_and_goes_on()
    {
        await using RunningDaemon daemon = await RunningDaemon.StartAsync("");
        (int status, string text) = await daemon.AskAsync("GET", "/metrics", null, [("Host", "evil.example")]);
        text.Should().Be("'evil.example' is not a name of this machine; name it in external_url or auth.allowed_hosts, or use tokens\n");
        status.Should().Be(403);
        const string Silence = """
            {"matchers":[{"name":"a","value":".+","isRegex":true}],"startsAt":"2026-01-01T00:00:00Z","endsAt":"2099-01-01T00:00:00Z",
             "createdBy":"eve","comment":"x"}
            """;
        (string, string)[] foreign = [("Origin", "http://evil.example")];
        (await daemon.AskAsync("POST", "/api/v2/silences", null, foreign, Json(Silence))).Status.Should().Be(403);
        (await daemon.AskAsync("GET", "/export?from=9d", null, [("Sec-Fetch-Site", "cross-site")])).Status.Should().Be(403);
        (await daemon.AskAsync("GET", "/api/v2/silences")).Text.Should().Be("[]");
        (await daemon.AskAsync("POST", "/api/v1/query?query=1", null, foreign)).Status.Should().Be(200, "it only reads");
        (await daemon.AskAsync("POST", "/api/v2/silences", null, [], Json(Silence))).Status.Should().Be(200);
        (await daemon.OwnAsync("metricsd_http_refused_total", "\"host\"", "")).Should().Be(1);
        (await daemon.OwnAsync("metricsd_http_refused_total", "\"origin\"", "")).Should().Be(2);
    }

    private static StringContent Json(string text) => new(text, Encoding.UTF8, "application/json");

    private static string? Judge(
        string yaml, string method, string host, (string Name, string Value)[]? headers = null, string from = "127.0.0.1",
        Endpoint? route = null)
    {
        var context = new DefaultHttpContext();
        context.SetEndpoint(route);
        context.Request.Method = method;
        context.Request.Scheme = "http";
        context.Request.Host = new HostString(host);
        context.Connection.RemoteIpAddress = IPAddress.Parse(from);
        foreach ((string name, string value) in headers ?? [])
            context.Request.Headers[name] = value;
        MetricsOptions options = MetricsOptions.Parse(yaml);
        var guard = new RequestGuard(
            options.Listen, new Current<AuthOptions>(options.Auth),
            new Current<NotificationOptions>(options.Notifications), new AccessMetrics(new MetricRegistry()));
        return guard.Judge(context)?.Reason;
    }
}
