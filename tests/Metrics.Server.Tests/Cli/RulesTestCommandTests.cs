using System.Text.Json;
using Metrics.Cli.Commands;
using Metrics.Rules;
using Metrics.Rules.Testing;
using Metrics.Text;

namespace Metrics.Tests.Cli;

public sealed class RulesTestCommandTests(ITestOutputHelper output)
{
    [Fact]
    public void The_shipped_rules_pass_their_tests()
    {
        string[] files = Directory.GetFiles(Path.Combine(Cases.Repository, "rules", "tests"), "*.yaml");
        string[] shipped = Directory.GetFiles(Path.Combine(Cases.Repository, "rules"), "*.yaml");
        files.Select(Path.GetFileName).Order().Should()
            .Equal(shipped.Select(Path.GetFileName).Order(), "every shipped rule file has its tests");
        foreach (string file in files)
        {
            RulesTestCommand.RunFile(file, out _).Should().BeEmpty(file);
            var problems = new List<Problem>();
            AlertTest[] tests = [.. RuleTestFile.Read(File.ReadAllText(file), file, problems)!.Tests.SelectMany(t => t.Alerts)];
            string rules = Path.Combine(Cases.Repository, "rules", Path.GetFileName(file));
            string[] alerts =
                [.. RuleFile.Read(File.ReadAllText(rules), rules, problems).SelectMany(g => g.Rules).OfType<AlertRule>()
                    .Select(r => r.Name)];
            alerts.Except(tests.Where(t => t.Firing.Count > 0).Select(t => t.AlertName)).Should()
                .BeEmpty("every alert has a case in which it fires");
            alerts.Except(tests.Where(t => t.Firing.Count == 0).Select(t => t.AlertName)).Should().BeEmpty("and one in which it does not");
        }
    }

    /// <summary>
    /// Files that pass with promtool 2.42 but not with Prometheus 3, whose lookback leaves its oldest moment out: the only sample is
    /// exactly 5 minutes old.
    /// </summary>
    private static readonly string[] s_changedByPrometheus3 = ["test_dcgm.yaml"];

    /// <summary>Unit tests that others wrote; those that Prometheus passes, we pass.</summary>
    [Fact]
    public void Unit_tests_of_others_give_what_promtool_gives()
    {
        var wrong = new List<string>();
        int passed = 0, failed = 0;
        foreach (string file in Cases.Extra("rules", "promtool/unit", "*.yml")
            .Concat(Cases.Extra("rules", "hardware-observer", "test_*.yaml")))
        {
            string result = Path.Combine(Path.GetDirectoryName(file)!, "result.json");
            if (!File.ReadAllText(file).Contains("tests:", StringComparison.Ordinal))
                continue;
            IReadOnlyList<string> failures = RulesTestCommand.RunFile(file, out _);
            output.WriteLine($"{Path.GetFileName(file)}: {(failures.Count == 0 ? "passes" : $"fails: {failures[0]}")}");
            // promtool 3 knows more than 2.42, as do we: a later start, histograms.
            bool shouldPass = !File.Exists(result)
                || JsonDocument.Parse(File.ReadAllText(result)).RootElement.GetProperty("promtool_2.42_test_rules").GetString() == "passes"
                || file.Contains("start-time", StringComparison.Ordinal);
            shouldPass &= !s_changedByPrometheus3.Contains(Path.GetFileName(file));
            if (shouldPass && failures.Count > 0)
                wrong.Add($"{file}: {string.Join("; ", failures)}");
            if (!shouldPass && failures.Count == 0)
                wrong.Add($"{file}: passes, but is meant to fail");
            _ = failures.Count == 0 ? passed++ : failed++;
        }
        output.WriteLine($"{passed} files pass, {failed} fail as they should");
        wrong.Should().BeEmpty();
    }
}
