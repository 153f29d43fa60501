using System.Text.Json;
using Metrics.Cli;
using Metrics.Tests.Access;

namespace Metrics.Tests.Cli;

/// <summary>What <c>metricsd identity</c> prints of the log-ins that a daemon was sent.</summary>
public sealed class IdentityCommandTests : IAsyncLifetime
{
    private readonly DateTimeOffset _now = TimeProvider.System.GetUtcNow();
    private RunningDaemon _daemon = null!;

    public async ValueTask InitializeAsync() => _daemon = await RunningDaemon.StartAsync("events: { trusted_proxies: [10.0.9.4] }");

    public ValueTask DisposeAsync() => _daemon.DisposeAsync();

    [Fact]
    public async Task Failures_are_tables_of_accounts_and_of_addresses_or_JSON()
    {
        await SendAsync(
            Login(600, "failure", "ann", "a1", "default", "203.0.113.7"), Login(500, "failure", "ann", "a1", "default", "203.0.113.8"),
            Login(400, "success", "ann", "a1", "default", "203.0.113.8"), Login(300, "failure", "ann", "a2", "sales", "203.0.113.8"),
            Login(200, "failure", "bell \u0007 \u001b[2J", "b1", "", "203.0.113.9"));
        CliRun run = await AskAsync("failures", "--from", "1h");
        (run.Code, run.Error).Should().Be((ExitCode.Ok, ""));
        run.Output.Should().StartWith("4 failures, 0 of them without an account\n\naccount ")
            .And.MatchRegex(@"(?m)^ann +default  a1 +2 +0 +2  \S+Z  \S+Z  \S+Z +it is wrong$")
            .And.MatchRegex(@"(?m)^ann +sales +a2 +1 +0 +1  \S+Z  \S+Z  no +it is wrong$")
            .And.MatchRegex(@"(?m)^203\.0\.113\.8 +2 +0 +2 ")
            .And.NotContainAny("\u0007", "\u001b", "more");
        (await AskAsync("failures", "--limit", "1")).Output.Should().MatchRegex(@"(?m)^ann .*\nand 2 more$");
        JsonElement json = JsonElement.Parse((await AskAsync("failures", "--output", "json")).Output);
        json.GetProperty("accounts")[0].GetProperty("domain").GetString().Should().Be("default");
    }

    [Fact]
    public async Task Behind_a_trusted_proxy_the_client_is_told_and_else_the_proxy_as_no_origin()
    {
        string forwarded = Login(600, "failure", "ann", "a1", "default", "10.0.9.4");
        await SendAsync(
            forwarded.Replace("{", "{\"http_x_forwarded_for\":\"198.51.100.1, 203.0.113.7\",", StringComparison.Ordinal),
            Login(500, "failure", "ann", "a1", "default", "10.0.9.4"), Login(400, "failure", "bob", "b1", "default", "10.0.9.4"));
        CliRun run = await AskAsync("failures", "--from", "1h");
        run.Output.Should().MatchRegex(@"(?m)^203\.0\.113\.7 +1 ").And.NotContain("198.51.100.1")
            .And.MatchRegex(@"(?m)^2 failures for 2 accounts came from behind the proxy 10\.0\.9\.4, from \S+Z to \S+Z; of whom, ")
            .And.NotMatchRegex(@"(?m)^10\.0\.9\.4");
    }

    [Fact]
    public async Task Dormant_tells_who_was_seen_long_ago_from_who_never_was()
    {
        await SendAsync(
            Login(100 * 86_400, "success", "carl", "c1", "default", "10.0.0.1"), Login(60, "success", "ann", "a1", "default", "10.0.0.2"),
            Login(50, "failure", "fay", "f1", "default", "10.0.0.3"), Login(40, "failure", "typed", "", "default", "10.0.0.3"));
        CliRun run = await AskAsync("dormant");
        (run.Code, run.Error).Should().Be((ExitCode.Ok, ""));
        run.Output.Should().StartWith("Log-ins that succeed are reported since ")
            .And.MatchRegex(@"(?m)^carl +default  c1  quiet  \S+Z +- +its last log-in that was seen is of \S+Z$")
            .And.MatchRegex(@"(?m)^fay +default  f1  never  - +\S+Z  no log-in was seen since the event log begins, \S+Z$")
            .And.NotContain("typed");
        (await AskAsync("dormant", "--limit", "1")).Output.Should().EndWith("\nand 1 more\n");
        JsonElement json = JsonElement.Parse((await AskAsync("dormant", "--output", "json")).Output);
        json.GetProperty("accounts").GetArrayLength().Should().Be(2);
    }

    [Fact]
    public async Task Where_nothing_is_known_that_is_said_and_what_means_nothing_is_refused()
    {
        (await AskAsync("failures")).Should().Be(new CliRun(0, "0 failures, 0 of them without an account\n", ""));
        (await AskAsync("dormant")).Output.Should().Be(
            "No log-in that succeeds was reported in the last day: whether Keystone reports them is not known.\n");
        (await AskAsync("dormant", "--days", "0")).Should().Match<CliRun>(r => r.Code == 1 && r.Error.Contains("no number from 1 to 3650"));
    }

    private Task<CliRun> AskAsync(string command, params string[] more) =>
        CliRun.Of(["identity", command, "--url", _daemon.Address.ToString(), .. more]);

    private string Login(int secondsAgo, string outcome, string user, string id, string domain, string origin) => JsonSerializer.Serialize(
        new Dictionary<string, string>
        {
            ["time"] = _now.AddSeconds(-secondsAgo).UtcDateTime.ToString("O"), ["kind"] = "identity.authenticate",
            ["event.outcome"] = outcome, ["user.name"] = user, ["user.id"] = id, ["user.domain"] = domain, ["source.ip"] = origin,
            ["event.reason"] = outcome == "failure" ? "it is wrong" : "", ["service.name"] = "keystone",
        }.Where(p => p.Value.Length > 0).ToDictionary());

    private async Task SendAsync(params string[] lines) =>
        (await _daemon.AskAsync("POST", "/api/v1/events", body: new StringContent(string.Join('\n', lines)))).Status.Should().Be(204);
}
