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
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("a.yml", "A")]
    [InlineData("*.yml", "A")]
    [InlineData("**/*.yml", "A C")]
    [InlineData("deep/**/*.yaml", "B")]
    [InlineData("deep", "B C")]
    [InlineData("", "A B C")]
    [InlineData("none/*.yml", "")]
    [InlineData("none", "")]
    public void Files_are_found_by_name_pattern_and_folder(string pattern, string titles)
    {
        SigmaLoad load = SigmaFiles.Load([Path.Combine(_folder, pattern)]);
        load.Rules.Select(r => r.Title).Order().Should().Equal(titles.Split(' '));
        load.Broken.Any().Should().Be(titles.Length == 0, "where nothing is found that is an error");
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
    public async Task Check_of_the_configuration_names_what_is_broken()
    {
        string file = Path.Combine(_folder, "metrics.yaml");
        File.WriteAllText(file, $"sigma: {{ files: ['{_folder}/deep', '{_folder}/a.yml'] }}\nlisten: 127.0.0.1:1");
        CliRun run = await CliRun.Of("check", "--config", file);
        run.Output.Should().Contain("Of these 2 are Sigma's; 1 are not loaded");
        run = await CliRun.Of("sigma", "check", "--config", file);
        run.Output.Should().Contain("2 of 3 Sigma rules are loaded");
        Write("deep/broken.yml", "title: [");
        run = await CliRun.Of("check", "--config", file);
        run.Code.Should().Be(2);
        run.Error.Should().Contain("deep/broken.yml:2:1: broken YAML");
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
