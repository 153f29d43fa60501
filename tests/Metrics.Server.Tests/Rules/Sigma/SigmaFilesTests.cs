using Metrics.Configuration;
using Metrics.Hosting;
using Metrics.Rules;
using Metrics.Rules.Sigma;
using Metrics.Telemetry;
using Metrics.Tests.Cli;
using Microsoft.Extensions.Logging.Abstractions;

namespace Metrics.Tests.Rules.Sigma;

/// <summary>Files of Sigma rules on disk: which are found, what is said of them, and that a wrong one stops nothing.</summary>
public sealed class SigmaFilesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("sigma").FullName;

    public SigmaFilesTests()
    {
        Write("a.yml", Rule("A", "{ product: linux }"));
        Write("deep/er/b.yaml", Rule("B", "{ category: proxy }"));
        Write("deep/c.yml", Rule("C", "{ category: webserver }"));
        Write("deep/readme.txt", "no rule");
        Directory.CreateSymbolicLink(Path.Combine(_folder, "deep", ".round"), ".round");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("a.yml", "A")]
    [InlineData("*.yml", "A")]
    [InlineData("**/*.yml", "A C")]
    [InlineData("deep/**/*.yaml", "B")]
    [InlineData("deep", "B C")]
    [InlineData("deep/", "B C")]
    [InlineData("**", "A B C", "readme.txt:1:1: expected a mapping")]
    [InlineData("deep/**", "B C", "readme.txt:1:1: expected a mapping")]
    [InlineData("*/c.yml", "C")]
    [InlineData("*/er/b.yaml", "B")]
    [InlineData("*/*/*", "B")]
    [InlineData("**/er/*.y?ml", "B")]
    [InlineData("**/**/c.yml", "C")]
    [InlineData("deep/c.yml", "C")]
    [InlineData("*/none.yml", "", "no file of Sigma rules is there")]
    [InlineData("deep/.round/*.yml", "", ".round: cannot be read: ")]
    [InlineData("deep/.round/c.yml", "", ".round: cannot be read: ")]
    [InlineData("", "A B C")]
    [InlineData("none/*.yml", "", "no file of Sigma rules is there")]
    [InlineData("none", "", "no file of Sigma rules is there")]
    public void Files_are_found_by_name_pattern_and_folder(string pattern, string titles, string? error = null)
    {
        SigmaLoad load = SigmaFiles.Load([Path.Combine(_folder, pattern)]);
        load.Rules.Select(r => r.Title).Where(t => t.Length > 0).Order()
            .Should().Equal(titles.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        if (error is null)
            load.Broken.Should().BeEmpty();
        else
            load.Broken.Should().ContainSingle().Which.ToString().Should().Contain(error);
    }

    [Fact]
    public void Links_of_folders_lead_in_no_circle_and_those_of_files_are_read()
    {
        Directory.CreateSymbolicLink(Path.Combine(_folder, "deep", "up"), _folder);
        File.CreateSymbolicLink(Path.Combine(_folder, "linked.yml"), Path.Combine(_folder, "deep", "er", "b.yaml"));
        SigmaFiles.Load([_folder, Path.Combine(_folder, "**", "*.yml")]).Rules.Select(r => r.Title).Order()
            .Should().Equal("A", "B", "B", "C");
        SigmaFiles.Load([Path.Combine(_folder, "deep", "up")]).Rules.Should().HaveCount(4, "a link that is named is followed");
    }

    [Fact]
    public void A_folder_that_cannot_be_read_is_reported_once_beside_the_rules_of_others()
    {
        // Root may read every folder; what leads to itself nobody reads.
        string loop = Path.Combine(_folder, "loop");
        Directory.CreateSymbolicLink(loop, loop);
        SigmaLoad load = SigmaFiles.Load(
            [_folder, Path.Combine(loop, "*.yml"), Path.Combine(loop, "*.yaml"), Path.Combine(_folder, "deep", "..", "loop", "*")]);
        load.Loaded.Should().Be(2);
        load.Broken.Should().ContainSingle().Which.ToString().Should().StartWith($"{loop}: cannot be read");
    }

    [Fact]
    public void A_file_that_two_patterns_name_is_read_once() =>
        SigmaFiles.Load([_folder, Path.Combine(_folder, "a.yml")]).Rules.Should().HaveCount(3);

    [Fact]
    public void A_wrong_file_stops_neither_the_others_nor_a_reload_and_is_counted()
    {
        Write("deep/broken.yml", "title: [");
        LoadedRules loaded = RuleSet.Load(Options().Rules);
        loaded.Groups.Single().Rules.Select(r => r.Name).Should().BeEquivalentTo("Sigma: A", "Sigma: C");
        var metrics = new SigmaMetrics(new MetricRegistry());
        new SigmaReport(metrics, NullLogger<SigmaReport>.Instance).Note(loaded.Sigma);
        metrics.Loaded.Value.Should().Be(2);
        metrics.Refused.WithLabels("broken").Value.Should().Be(1);
        metrics.Refused.WithLabels("logsource").Value.Should().Be(1);
        metrics.Refused.WithLabels("field").Value.Should().Be(0);
    }

    [Fact]
    public async Task Check_lists_every_rule_and_says_why_it_is_not_loaded()
    {
        CliRun run = await CliRun.Of("sigma", "check", _folder);
        run.Code.Should().Be(0, "a rule about other logs is no error");
        run.Output.Should().MatchRegex(@"no: logsource\s+proxy\s+\S+b\.yaml:1  B\n\s+line 2: metricsd reads no logs of proxy\n")
            .And.MatchRegex(@"yes\s+webserver\s+\S+c\.yml:1  C\n").And.MatchRegex(@"\nproxy\s+0 of 1\n")
            .And.Contain("2 of 3 Sigma rules are loaded");
        Write("broken.yml", "title: [");
        run = await CliRun.Of("sigma", "check", _folder);
        run.Code.Should().Be(1);
        run.Error.Should().Contain("broken.yml:2:1: broken YAML");
        run = await CliRun.Of("sigma", "check", _folder, "--output", "json");
        run.Output.Should().Contain("\"loaded\": 2").And.Contain("\"reason\": \"broken\"");
    }

    [Fact]
    public async Task Check_says_what_is_broken_once_and_no_title_moves_the_cursor()
    {
        Write("d.yml", Rule("D", "{ product: linux }") + "level: dreadful");
        Write("e.yml", Rule("\"E\\e[2J\\nE\"", "{ category: proxy }"));
        CliRun run = await CliRun.Of("sigma", "check", _folder, Path.Combine(_folder, "gone"));
        run.Error.Should().Contain("d.yml:4:8: level is 'dreadful'").And.Contain("gone: no file of Sigma rules is there");
        run.Output.Should().NotContain("dreadful").And.NotContain("line 0").And.NotContain("no file of Sigma")
            .And.MatchRegex(@"no: broken\s+linux\s+\S+d\.yml:1  D\n").And.NotContain("\e").And.Contain("e.yml:1  E [2J E\n");
    }

    [Fact]
    public void The_log_names_some_of_many_that_are_broken_and_says_how_many_there_are()
    {
        for (int i = 0; i < 25; i++)
            Write($"many/{i:00}.yml", "title: [");
        var log = new SaidLog<SigmaReport>();
        new SigmaReport(new SigmaMetrics(new MetricRegistry()), log).Note(SigmaFiles.Load([Path.Combine(_folder, "many")]));
        string said = log.Messages.Should().ContainSingle().Subject;
        said.Split('\n').Should().HaveCount(22);
        said.Should().Contain("19.yml:").And.NotContain("20.yml").And.EndWith("\n… and 5 more");
    }

    [Fact]
    public void A_correlation_by_two_fields_that_are_one_label_stops_neither_a_start_nor_a_reload()
    {
        Write("deep/many.yml", """
            title: Answer
            name: answer
            logsource: { product: openstack }
            detection: { s: { kind: http.request }, condition: s }
            ---
            title: Many answers
            correlation:
              type: event_count
              rules: [answer]
              group-by: [http.response.status_code, http.response.status.code]
              timespan: 5m
              condition: { gte: 2 }
              generate: true
            """);
        LoadedRules loaded = RuleSet.Load(Options().Rules);
        foreach (RuleGroup group in loaded.Groups)
            new GroupRunner(group, TimeProvider.System).Rules.Should().HaveCount(3);
        loaded.Sigma.Rules.Single(r => r.Title == "Many answers").Faults.Should().ContainSingle().Which.ToString().Should()
            .Contain("many.yml:10:").And.Contain("are one label of alerts, http_response_status_code");
    }

    [Fact]
    public async Task Check_of_the_configuration_names_what_is_broken()
    {
        string file = Path.Combine(_folder, "metrics.yaml");
        File.WriteAllText(file, $"sigma: {{ files: ['{_folder}/deep', '{_folder}/a.yml'] }}\nlisten: 127.0.0.1:1");
        CliRun run = await CliRun.Of("check", "--config", file);
        run.Output.Should().Contain("Of these 2 are Sigma's; 1 are not loaded");
        run = await CliRun.Of("sigma", "check", "--config", file);
        run.Output.Should().Contain("2 of 3 Sigma rules are loaded");
        Write("deep/broken.yml", "title: [");
        Write("deep/odd.yml", Rule("Odd", "{ product: linux }") + "level: \"\\e[2J\"");
        run = await CliRun.Of("check", "--config", file);
        run.Code.Should().Be(2);
        run.Error.Should().Contain("deep/broken.yml:2:1: broken YAML").And.Contain("level is ' [2J'").And.NotContain("\e");
    }

    [Fact]
    public void The_rules_and_the_configuration_in_the_document_load()
    {
        string[] blocks = [.. File.ReadAllText(Path.Combine(Cases.Repository, "docs", "sigma.md")).Split("```yaml\n").Skip(1)
            .Select(b => b.Split("```")[0])];
        blocks.Should().HaveCountGreaterThan(2);
        foreach (string block in blocks)
        {
            if (!block.StartsWith("title:", StringComparison.Ordinal))
            {
                MetricsOptions.Parse(block).Rules.SigmaFiles.Should().NotBeEmpty();
                continue;
            }
            var rules = new SigmaRules();
            rules.Read(block, "sigma.md");
            rules.Make().Rules.SelectMany(r => r.Faults).Should().BeEmpty(block);
        }
    }

    private MetricsOptions Options() => MetricsOptions.Parse($"rules: {{ shipped: false }}\nsigma: {{ files: ['{_folder}/**/*.y*ml'] }}");

    private static string Rule(string title, string logsource) =>
        $"title: {title}\nlogsource: {logsource}\ndetection: {{ s: [{title}], condition: s }}\n";

    private void Write(string name, string text)
    {
        string file = Path.Combine(_folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
    }
}
