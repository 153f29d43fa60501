using System.Text;
using System.Text.Json;
using Metrics.Alerting;
using Metrics.Tests.Access;
using Metrics.Tests.Cli;
using Microsoft.Extensions.DependencyInjection;

namespace Metrics.Tests.Api.Alerts;

/// <summary><c>metricsd ack</c> and the API behind it: who says so is at the alerts that are named, and at no other.</summary>
public sealed class AcknowledgeTests
{
    private const string Posted = """
        [ { "labels": { "alertname": "HostDown", "host": "a" } }, { "labels": { "alertname": "HostDown", "host": "b" } },
          { "labels": { "alertname": "Disk full", "host": "a" } } ]
        """;

    [Fact]
    public async Task An_alert_is_acknowledged_by_its_name_its_labels_or_its_id()
    {
        await using RunningDaemon daemon = await FiringAsync();
        CliRun run = await AckAsync(daemon, "HostDown{host=\"a\"}", "--comment", "disk swap", "--author", "ann");
        run.Code.Should().Be(0, run.Error);
        run.Output.Should().MatchRegex("^[0-9a-f]{32}  \\{alertname=\"HostDown\", host=\"a\"\\}\n$");
        Acknowledged(daemon).Should().Equal("ann: disk swap");
        (await AckAsync(daemon, "HostDown")).Output.Split('\n').Should().HaveCount(3, "both of its alerts fire");
        JsonElement found = JsonElement.Parse((await AckAsync(daemon, "Disk full", "--output", "json")).Output);
        found[0].GetProperty("labels").GetProperty("alertname").GetString().Should().Be("Disk full");
        string id = found[0].GetProperty("id").GetString()!;
        (await AckAsync(daemon, id)).Output.Should().StartWith(id);
        (await daemon.AskAsync("GET", "/api/v1/audit")).Text.Should().Contain("disk swap").And.Contain("ann");
    }

    [Theory]
    [InlineData("HostDown{host=\"c\"}", "no alert fires now that is HostDown{host=\"c\"} (HTTP 404)")]
    [InlineData("Nothing", "no alert fires now that is Nothing (HTTP 404)")]
    [InlineData("HostDown{host=", "alert is 'HostDown{host='; it must be a rule's name, with labels *")]
    [InlineData(" ", "alert is required: a rule's name, *")]
    public async Task What_does_not_fire_cannot_be_acknowledged(string alert, string error)
    {
        await using RunningDaemon daemon = await FiringAsync();
        CliRun run = await AckAsync(daemon, alert);
        run.Code.Should().Be(1);
        run.Error.TrimEnd().Should().Match($"metricsd: {error}");
        Acknowledged(daemon).Should().BeEmpty();
    }

    [Theory]
    [InlineData("[]", "alert is required")]
    [InlineData("{\"alert\": 7}", "alert is required")]
    [InlineData("{", "the body is no JSON")]
    public async Task A_request_of_another_form_is_refused_with_what_is_allowed(string body, string error)
    {
        await using RunningDaemon daemon = await FiringAsync();
        (int status, string text) = await daemon.AskAsync(
            "POST", "/api/v1/acknowledge", null, null, Json(body));
        status.Should().Be(400);
        text.Should().Contain(error);
    }

    private static async Task<RunningDaemon> FiringAsync()
    {
        RunningDaemon daemon = await RunningDaemon.StartAsync("");
        (await daemon.AskAsync("POST", "/api/v2/alerts", null, null, Json(Posted))).Status.Should().Be(200);
        ActiveAlerts alerts = daemon.Services.GetRequiredService<ActiveAlerts>();
        await Eventually.Async(() => alerts.Open.Count() == 3, "the alerts fire");
        return daemon;
    }

    private static StringContent Json(string text) => new(text, Encoding.UTF8, "application/json");

    private static Task<CliRun> AckAsync(RunningDaemon daemon, params string[] words) =>
        CliRun.Of(["ack", .. words, "--url", daemon.Address.ToString().TrimEnd('/')]);

    private static IEnumerable<string> Acknowledged(RunningDaemon daemon) =>
        daemon.Services.GetRequiredService<Acknowledgements>().All.Values.Select(a => $"{a.By}: {a.Comment}");
}
