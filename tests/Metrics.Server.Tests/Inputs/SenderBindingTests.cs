using System.Text.Json;
using Metrics.Inputs;
using Metrics.Model;
using Metrics.Tests.Access;

namespace Metrics.Tests.Inputs;

/// <summary>Of whom alone a bound token may send.</summary>
public sealed class SenderBindingTests
{
    [Theory]
    [InlineData("web-1", "host=web-1", "host=web-1")]
    [InlineData("web-1", "", "host=web-1")]
    [InlineData("web-1", "instance=web-1:9100", "host=web-1 instance=web-1:9100")]
    [InlineData("web-1 web-2", "instance=web-2", "host=web-2 instance=web-2")]
    [InlineData("web-1 web-2", "", "the label host is missing, and this token may send of 2")]
    [InlineData("web-1", "host=web-2", "host is 'web-2', of which this token may not send")]
    [InlineData("web-1", "host=web-1 instance=db:5432", "instance is 'db:5432', of which this token may not send")]
    [InlineData("web-1", "host.name=web-2", "host.name is 'web-2', of which this token may not send")]
    [InlineData("web-1", "host=web-10", "host is 'web-10', of which this token may not send")]
    [InlineData("web-1", "host=WEB-1", "host is 'WEB-1', of which this token may not send")]
    [InlineData("web-1", "host=web-1:", "host is 'web-1:', of which this token may not send")]
    [InlineData("web-1", "host=web-1:x", "host is 'web-1:x', of which this token may not send")]
    [InlineData("web-1", "project_id=p", "host=web-1 project_id=p")]
    [InlineData("web-1", "node=web-1", "host=web-1 node=web-1")]
    [InlineData("web-1", "node=web-2", "node is 'web-2', of which this token may not send")]
    public void Of_hosts(string hosts, string labels, string expected) =>
        Bind(SenderBinding.ToHosts(hosts.Split(' ')), labels).Should().Be(expected);

    [Theory]
    [InlineData("", "project_id=p")]
    [InlineData("project_id=p host=any", "host=any project_id=p")]
    [InlineData("tenant_id=p", "project_id=p tenant_id=p")]
    [InlineData("project_id=q", "project_id is 'q', of which this token may not send")]
    [InlineData("project_id=p:1", "project_id is 'p:1', of which this token may not send")]
    [InlineData("cloud.project.id=q project_id=p", "cloud.project.id is 'q', of which this token may not send")]
    public void Of_a_project(string labels, string expected) => Bind(SenderBinding.ToProject("p"), labels).Should().Be(expected);

    [Theory]
    [InlineData("web-1", "web-1", null)]
    [InlineData("127.0.0.1:9890", "web-1", null)]
    [InlineData("[::1]:9890", "web-1", null)]
    [InlineData("localhost:9890", "web-1", null)]
    [InlineData("127.0.0.1:9890", "web-2", "node is 'web-2', of which this token may not send")]
    [InlineData("web-2", "web-1", "instance is 'web-2', of which this token may not send")]
    public void What_a_node_forwards_of_its_own_targets_is_no_series_of_a_target_here(string instance, string node, string? fault)
    {
        Labels forwarded = Labels.Of("up", ("instance", instance), ("job", "host"), ("node", node));
        SenderBinding.ToHosts(["web-1"]).TryBindSeries(forwarded, out Labels bound, out string? said).Should().Be(fault is null);
        said.Should().Be(fault);
        bound.Should().Equal(fault is null ? forwarded.With("host", "web-1") : forwarded);
        SenderBinding.ToProject("p").TryBindSeries(forwarded, out _, out _).Should().BeFalse("a project has no nodes");
    }

    [Fact]
    public void A_series_of_a_target_cannot_be_overwritten()
    {
        SenderBinding binding = SenderBinding.ToHosts(["web-1"]);
        for (int twice = 0; twice < 2; twice++)
        {
            Labels probe = Labels.Of("probe_success", ("instance", "web-1"), ("job", "probe"));
            binding.TryBindSeries(probe, out _, out string? fault).Should().BeFalse();
            fault.Should().Be("the label job belongs to targets: this token may not send it");
            binding.TryBindSeries(Labels.Of("a_b"), out Labels bound, out _).Should().BeTrue();
            bound.Should().Equal(Labels.Of("a_b", ("host", "web-1")));
        }
    }

    [Fact]
    public async Task A_stolen_token_says_nothing_of_others_and_mutes_nothing()
    {
        await using RunningDaemon daemon = await RunningDaemon.StartAsync("""
            auth:
              tokens:
                - { name: web, role: ingest, hosts: [web-1], token: t-web }
                - { name: tenant, role: ingest, project_id: p1, token: t-tenant }
                - { name: prometheus, role: ingest, token: t-prometheus }
                - { name: all, role: admin, token: t-admin }
            """);
        const string Lines = "cpu load=1\ncpu,host=db load=2\ncpu,host=web-1,job=probe load=3\ncpu,host=web-1,cpu=0 load=4";
        (int status, string text) = await daemon.AskAsync("POST", "/write", "t-web", null, new StringContent(Lines));
        (status, text).Should().Be((400, "{\"error\":\"partial write: unable to parse: line 2: host is 'db', of which this token "
            + "may not send; line 3: the label job belongs to targets: this token may not send it dropped=2\"}"));
        (await daemon.AskAsync("POST", "/api/v2/write", "t-tenant", null, new StringContent("job,host=vm done=1"))).Status.Should().Be(204);
        string selector = Uri.EscapeDataString("{__name__=~\"cpu_load|job_done\"}");
        string page = (await daemon.AskAsync("GET", $"/federate?match[]={selector}", "t-admin")).Text;
        page.Split('\n').Where(l => l.Length > 0 && l[0] != '#').Select(l => l[..l.IndexOf('}', StringComparison.Ordinal)]).Should().Equal(
            "cpu_load{cpu=\"0\",host=\"web-1\",instance=\"\"",
            "cpu_load{host=\"web-1\",instance=\"\"",
            "job_done{host=\"vm\",project_id=\"p1\",instance=\"\"");

        const string Down = """[{"labels":{"alertname":"HostDown","host":"web-1"}}]""";
        const string Over = """
            [{"labels":{"alertname":"HostDown","host":"web-1"},"startsAt":"2026-01-01T00:00:00Z","endsAt":"2026-01-01T00:01:00Z"}]
            """;
        (await PostAsync(daemon, "t-prometheus", Down)).Status.Should().Be(200);
        (await PostAsync(daemon, "t-web", Over)).Should().Be((400,
            """"
            "{alertname=\"HostDown\", host=\"web-1\"}: this token ends no alerts; they end when they are not sent again"
            """"));
        (await PostAsync(daemon, "t-web", """[{"labels":{"alertname":"DbDown","host":"db"}}]""")).Status.Should().Be(400);
        (await PostAsync(daemon, "t-tenant", """[{"labels":{"alertname":"JobFailed"}}]""")).Status.Should().Be(200);
        string open = (await daemon.AskAsync("GET", "/api/v2/alerts", "t-admin")).Text;
        open.Should().Contain("HostDown").And.NotContain("DbDown").And.Contain("\"project_id\":\"p1\"");
        (await PostAsync(daemon, "t-prometheus", Over)).Status.Should().Be(200, "who is not bound ends what it sent");
        (await daemon.OwnAsync("metricsd_sender_refused_total", "\"samples\"", "t-admin")).Should().Be(2);
        (await daemon.OwnAsync("metricsd_sender_refused_total", "\"alerts\"", "t-admin")).Should().Be(2);
    }

    [Fact]
    public async Task A_stolen_token_neither_keeps_the_alert_of_another_open_nor_rewrites_it()
    {
        await using RunningDaemon daemon = await RunningDaemon.StartAsync("""
            auth:
              tokens:
                - { name: web, role: ingest, hosts: [web-1], token: t-web }
                - { name: prometheus, role: ingest, token: t-prometheus }
                - { name: all, role: admin, token: t-admin }
            """);
        string down = """
            [{"labels":{"alertname":"HostDown","host":"web-1"},"annotations":{"summary":"down"},"startsAt":"2026-01-01T00:00:00Z"}]
            """;
        (await PostAsync(daemon, "t-prometheus", down)).Status.Should().Be(200);
        string forged = down.Replace("down", "all is well", StringComparison.Ordinal);
        (await PostAsync(daemon, "t-web", forged)).Status.Should().Be(200, "it may say something of its own host, in its own name");
        (await OpenAsync()).Should().Equal("down of ", "all is well of web");

        string over = down.Replace("\"}]", "\",\"endsAt\":\"2026-01-01T00:01:00Z\"}]", StringComparison.Ordinal);
        (await PostAsync(daemon, "t-prometheus", over)).Status.Should().Be(200);
        (await OpenAsync()).Should().Equal(["all is well of web"], "what ends is over, whatever another token goes on to send");

        async Task<IEnumerable<string>> OpenAsync()
        {
            string text = (await daemon.AskAsync("GET", "/api/v2/alerts", "t-admin")).Text;
            return JsonDocument.Parse(text).RootElement.EnumerateArray()
                .Select(a => a.GetProperty("annotations").GetProperty("summary").GetString() + " of "
                    + (a.GetProperty("labels").TryGetProperty("sender", out JsonElement sender) ? sender.GetString() : ""))
                .OrderDescending(StringComparer.Ordinal);
        }
    }

    private static Task<(int Status, string Text)> PostAsync(RunningDaemon daemon, string token, string alerts) =>
        daemon.AskAsync("POST", "/api/v2/alerts", token, null, new StringContent(alerts, System.Text.Encoding.UTF8, "application/json"));

    private static string Bind(SenderBinding binding, string labels)
    {
        IEnumerable<string[]> pairs = labels.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(l => l.Split('='));
        Labels given = Labels.Of([.. pairs.Select(p => new Label(p[0], p[1]))]);
        bool may = binding.TryBind(given, out Labels bound, out string? fault);
        return may ? string.Join(' ', bound.Select(l => $"{l.Name}={l.Value}")) : fault!;
    }
}
