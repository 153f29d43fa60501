using System.Text.Json;

namespace Metrics.IntegrationTests;

/// <summary>Commands that ask a running daemon: data for programs, tokens, and what the exit codes are.</summary>
public sealed class CommandTests
{
    private const string Configuration = """
        host: { enabled: false }
        rules: { files: [rules.yaml] }
        auth: { tokens: [ { name: see, role: viewer, token: look }, { name: do, roles: [operator, ingest], token: act } ] }
        """;

    [Fact]
    public async Task Data_for_programs_tokens_and_exit_codes()
    {
        string folder = Directory.CreateTempSubdirectory("commands").FullName;
        string rules = Path.Combine(folder, "rules.yaml"), look = Path.Combine(folder, "look"), act = Path.Combine(folder, "act");
        await File.WriteAllTextAsync(rules, "groups: [ { name: g, rules: [ { alert: Hot, expr: room_temp, above: 30 } ] } ]");
        await File.WriteAllTextAsync(look, "look\n");
        await File.WriteAllTextAsync(act, "act\n");
        await using Daemon daemon = await Daemon.StartAsync(Configuration.Replace("rules.yaml", rules));
        daemon.Http.DefaultRequestHeaders.Add("Authorization", "Bearer act");
        (await daemon.PushAsync("room,host=a temp=40", "/write")).EnsureSuccessStatusCode();
        string[] url = ["--url", daemon.Url("")];

        JsonElement data = await JsonAsync(daemon, ["query", "room_temp", .. url]);
        data.GetProperty("result")[0].GetProperty("metric").GetProperty("host").GetString().Should().Be("a");
        data = await JsonAsync(daemon, ["query", "room_temp", "--range", "5m", "--step", "1m", .. url]);
        data.GetProperty("resultType").GetString().Should().Be("matrix");
        await Eventually.Async(async () => (await daemon.CommandAsync(["explain", "Hot", .. url])).Code == 0, "it fires");
        data = await JsonAsync(daemon, ["explain", "Hot", .. url]);
        data.GetProperty("alerts")[0].GetProperty("alert").GetString().Should().Be("Hot");

        // A viewer's token is named: the daemon refuses, in its own words.
        string[] add = ["silence", "add", "Hot", "--comment", "known", .. url];
        (int code, string said) = await daemon.CommandAsync([.. add, "--token-file", look]);
        code.Should().Be(1);
        said.Should().Contain("(HTTP 403)");
        (code, said) = await daemon.CommandAsync([.. add, "--token-file", act]);
        code.Should().Be(0, said);
        (await JsonAsync(daemon, ["silence", "list", .. url]))[0].GetProperty("id").GetString().Should().Be(said.Trim());

        // In another folder no token is configured.
        (code, said) = await Daemon.RunAsync(folder, ["query", "room_temp", .. url]);
        code.Should().Be(1);
        said.Should().Contain("asks for a token (HTTP 401): give one by --token-file FILE or METRICSD_TOKEN");
        (code, _) = await Daemon.RunAsync(folder, ["query", "room_temp", "--token-file", look, .. url]);
        code.Should().Be(0);

        data = await JsonAsync(daemon, ["rules", "replay", rules, "--from", "1h", .. url]);
        data.GetProperty("result").GetProperty("rules")[0].GetProperty("name").GetString().Should().Be("Hot");

        daemon.Kill();
        (code, said) = await daemon.CommandAsync(["query", "room_temp", .. url]);
        code.Should().Be(3);
        said.Should().StartWith($"metricsd: no daemon answers at {daemon.Url("")}: ");
        Directory.Delete(folder, true);
    }

    [Fact]
    public async Task Fish_and_zsh_take_the_scripts_that_the_program_prints()
    {
        string program = $"dotnet '{Path.Combine(AppContext.BaseDirectory, "metricsd.dll")}'";
        (int code, string said) = await Component.RunAsync("fish", "", "--no-config", "-c",
            $"function metricsd; {program} $argv; end; metricsd completion fish | source; complete -C 'metricsd silence ex'");
        code.Should().Be(0, said);
        said.Should().Be("expire\tEnd silences now.\n");
        (code, said) = await Component.RunAsync("sh", "", "-c", $"{program} completion zsh | zsh -n");
        code.Should().Be(0, said);
    }

    [Fact]
    public async Task The_inputs_are_listed_with_their_state_and_what_is_wrong_with_them()
    {
        using var taken = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        taken.Start();
        (int free, string busy) = (Daemon.FreePort(), $"syslog/tcp://{taken.LocalEndpoint}");
        await using Daemon daemon = await Daemon.StartAsync($$"""
            host: { enabled: false }
            inputs: { syslog: [ { listen: 'udp://127.0.0.1:{{free}}' }, { listen: 'tcp://{{taken.LocalEndpoint}}' } ] }
            """);
        (await daemon.Http.PostAsync(daemon.Url("/api/v1/events"), new StringContent("""{"kind":"service.start"}""")))
            .EnsureSuccessStatusCode();
        string said = "";
        await Eventually.Async(
            async () => (said = (await daemon.CommandAsync("inputs", "--url", daemon.Url(""))).Output).Contains("backing off"),
            "a port that is taken is seen");
        said.Should().MatchRegex("(?m)^input +state +events +bytes +dropped +errors +last event$")
            .And.MatchRegex(@"(?m)^push +running +1 +\d+ +0 +0 +\d{4}-\d\d-\d\d")
            .And.MatchRegex($@"(?m)^syslog/udp://127\.0\.0\.1:{free} +running +0 +0 +0 +0 +-$")
            .And.MatchRegex($@"(?m)^{busy.Replace(".", "\\.")} +backing off .*\n  last error .*: .*in use");
        JsonElement inputs = await JsonAsync(daemon, ["inputs", "--url", daemon.Url("")]);
        inputs.EnumerateArray().Select(i => i.GetProperty("name").GetString()).Should()
            .BeEquivalentTo("push", $"syslog/udp://127.0.0.1:{free}", busy);
    }

    private static async Task<JsonElement> JsonAsync(Daemon daemon, string[] command)
    {
        (int code, string output) = await daemon.CommandAsync([.. command, "--output", "json"]);
        code.Should().Be(0, output);
        return JsonDocument.Parse(output).RootElement.Clone();
    }
}
