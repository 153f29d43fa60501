using System.Text.Json;

namespace Metrics.Tests.Cli;

/// <summary>Commands that need no daemon write their data as JSON, too; the exit codes are those of the text.</summary>
public sealed class JsonOutputTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("cli").FullName;

    [Fact]
    public async Task Check_counts_what_is_valid()
    {
        string file = Write("m.yaml", "host: { enabled: false }\nrules: { files: [] }");
        JsonElement answer = await JsonAsync(0, "check", "--config", file, "--output", "json");
        answer.GetProperty("valid").GetBoolean().Should().BeTrue();
        answer.GetProperty("scrapeJobs").GetInt32().Should().Be(0);
    }

    [Fact]
    public async Task Check_warns_of_links_that_lead_nobody_anywhere_as_long_as_somebody_gets_them()
    {
        const string Receiver = "receivers: [ { name: ops, webhook_configs: [ { url: 'http://127.0.0.1:1/' } ] } ]";
        string rest = "host: { enabled: false }\nrules: { files: [] }\n";
        (await WarningsAsync(rest)).Should().BeEmpty();
        (await WarningsAsync($"{rest}{Receiver}\nexternal_url: https://metrics.example")).Should().BeEmpty();
        foreach (string local in new[] { "", "\nexternal_url: 'http://localhost:9890'", "\nlisten: 'unix:/run/m/socket'" })
        {
            (await WarningsAsync($"{rest}{Receiver}{local}")).Should().ContainSingle().Which
                .Should().Contain("which others cannot reach").And.Contain("set external_url");
        }
        string file = Write("m.yaml", rest + Receiver);
        (await CliRun.Of("check", "--config", file)).Output.Should().Contain("Warning: links in messages lead to http://127.0.0.1:9890,");
    }

    private async Task<List<string>> WarningsAsync(string configuration)
    {
        JsonElement answer = await JsonAsync(0, "check", "--config", Write("m.yaml", configuration), "--output", "json");
        return [.. answer.GetProperty("warnings").EnumerateArray().Select(w => w.GetString()!)];
    }

    [Fact]
    public async Task Check_lists_problems_with_their_line()
    {
        string file = Write("m.yaml", "listen: '127.0.0.1:1'\nhosst: {}");
        JsonElement answer = await JsonAsync(2, "check", "--config", file, "--output", "json");
        answer.GetProperty("valid").GetBoolean().Should().BeFalse();
        JsonElement problem = answer.GetProperty("problems")[0];
        problem.GetProperty("line").GetInt32().Should().Be(2);
        problem.GetProperty("message").GetString().Should().Contain("did you mean 'host'?");
    }

    [Fact]
    public async Task Rules_check_goes_by_file()
    {
        string good = Write("good.yaml", "groups: [ { name: g, rules: [ { alert: A, expr: up == 0 }, { record: 'a:b', expr: up } ] } ]");
        string bad = Write("bad.yaml", "groups: [ { name: g, rules: [ { alert: A, expr: 'up{' } ] } ]");
        JsonElement answer = await JsonAsync(1, "rules", "check", good, bad, "--output", "json");
        answer.GetProperty("valid").GetBoolean().Should().BeFalse();
        answer.GetProperty("files")[0].GetRawText().Should().Contain("\"alertingRules\": 1").And.Contain("\"problems\": []");
        answer.GetProperty("files")[1].GetProperty("problems")[0].GetProperty("message").GetString().Should().Contain("parse error");
    }

    [Fact]
    public async Task Rules_test_says_what_failed()
    {
        Write("r.yaml", "groups: [ { name: g, rules: [ { alert: A, expr: up == 0 } ] } ]");
        string test = Write("t.yaml", """
            rule_files: [r.yaml]
            tests: [ { interval: 1m, alert_rule_test: [ { eval_time: 1m, alertname: A, exp_alerts: [ {} ] } ] } ]
            """);
        JsonElement answer = await JsonAsync(1, "rules", "test", test, "--output", "json");
        answer.GetProperty("failedFiles").GetInt32().Should().Be(1);
        answer.GetProperty("files")[0].GetProperty("failures").GetArrayLength().Should().Be(1);
        CliRun text = await CliRun.Of("rules", "test", test);
        text.Code.Should().Be(1);
        text.Output.Should().StartWith($"Unit testing: {test}\n  FAILED:\n").And.EndWith("0 tests passed, 1 files failed\n");
    }

    [Fact]
    public async Task Routes_test_names_receiver_group_and_route()
    {
        string file = Write("m.yaml", """
            receivers: [ { name: ops, webhook_configs: [ { url: 'http://127.0.0.1:1/' } ] } ]
            route: { receiver: ops, group_by: [team] }
            """);
        JsonElement answer = await JsonAsync(0, "routes", "test", "team=db", "severity=critical", "--config", file, "--output", "json");
        answer.GetArrayLength().Should().Be(1);
        answer[0].GetProperty("receiver").GetString().Should().Be("ops");
        answer[0].GetProperty("group").GetProperty("team").GetString().Should().Be("db");
        (await CliRun.Of("routes", "test", "team=db", "--config", file)).Output.Should().Be("ops  group {team=\"db\"}  by route {}\n");
    }

    [Fact]
    public async Task Routes_test_says_that_nobody_is_notified_where_there_is_no_receiver()
    {
        string file = Write("m.yaml", "");
        (await CliRun.Of("routes", "test", "team=db", "--config", file)).Output.Should()
            .Be("no receiver is configured: nobody is notified\n");
        (await JsonAsync(0, "routes", "test", "team=db", "--config", file, "--output", "json")).GetArrayLength().Should().Be(0);
    }

    public void Dispose() => Directory.Delete(_folder, true);

    private static async Task<JsonElement> JsonAsync(int code, params string[] args)
    {
        CliRun run = await CliRun.Of(args);
        run.Code.Should().Be(code, run.Error);
        run.Error.Should().BeEmpty();
        return JsonDocument.Parse(run.Output).RootElement.Clone();
    }

    private string Write(string name, string text)
    {
        string file = Path.Combine(_folder, name);
        File.WriteAllText(file, text);
        return file;
    }
}
