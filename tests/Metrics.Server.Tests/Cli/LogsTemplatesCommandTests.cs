using System.Text.Json;
using Metrics.Cli;
using Metrics.Tests.Access;

namespace Metrics.Tests.Cli;

/// <summary>What <c>metricsd logs templates</c> prints of what a daemon has learned.</summary>
public sealed class LogsTemplatesCommandTests
{
    [Fact]
    public async Task Sources_and_the_kinds_of_one_are_tables_or_JSON()
    {
        await using RunningDaemon daemon = await RunningDaemon.StartAsync("");
        await PushAsync(daemon, "nova", "Took 19 seconds to build", "Took 7 seconds to build", "bell \u0007 and \u001b[2J");
        await PushAsync(daemon, "backup", "done");

        CliRun sources = await AskAsync(daemon);
        sources.Should().Match<CliRun>(r => r.Code == 0 && r.Error == "");
        sources.Output.Should().MatchRegex(
            @"^source +kinds  heard since +no news until\nctl-1/backup +1  \d{4}-\S+Z\nctl-1/nova +2  \d{4}-\S+Z\n$");

        CliRun kinds = await AskAsync(daemon, "--source", "ctl-1/nova");
        kinds.Code.Should().Be(ExitCode.Ok);
        kinds.Output.Should().MatchRegex(@"^count  first +last +kind\n")
            .And.MatchRegex(@"(?m)^    2  \S+Z  \S+Z  Took <NUM> seconds to build$")
            .And.NotContainAny("\u0007", "\u001b");
        JsonElement json = JsonElement.Parse((await AskAsync(daemon, "--source", "ctl-1/nova", "--output", "json")).Output);
        json.EnumerateArray().Select(k => k.GetProperty("example").GetString()).Should().Contain("Took 19 seconds to build");
    }

    [Fact]
    public async Task Where_nothing_is_known_that_is_said()
    {
        await using RunningDaemon daemon = await RunningDaemon.StartAsync("");
        (await AskAsync(daemon)).Should().Be(new CliRun(0, "", ""));
        (await AskAsync(daemon, "--source", "ctl-1/nvoa")).Should().Be(new CliRun(
            1, "", "metricsd: no kind of line is known of 'ctl-1/nvoa'; 'metricsd logs templates' lists the sources, as HOST/SERVICE\n"));
    }

    private static Task<CliRun> AskAsync(RunningDaemon daemon, params string[] more) =>
        CliRun.Of(["logs", "templates", "--url", daemon.Address.ToString(), .. more]);

    private static async Task PushAsync(RunningDaemon daemon, string service, params string[] lines)
    {
        IEnumerable<string> events = lines.Select(l => JsonSerializer.Serialize(
            new Dictionary<string, string> { ["kind"] = "log", ["body"] = l, ["host.name"] = "ctl-1", ["service.name"] = service }));
        (await daemon.AskAsync("POST", "/api/v1/events", body: new StringContent(string.Join('\n', events)))).Status.Should().Be(204);
    }
}
