using Metrics.Model;
using Metrics.Rules;
using Metrics.Rules.Sigma;
using Metrics.Text;

namespace Metrics.Tests.Rules.Sigma;

/// <summary>
/// Each rule that is loaded finds what it is about, and not what is otherwise in one field. SigmaHQ's rules come without samples, so that
/// these are made out of the rules; rules of others lie in METRICS_EXTRA_CASES.
/// </summary>
public sealed class SigmaSampleTests(ITestOutputHelper output)
{
    private const string Process = "{ category: process_creation, product: linux }", Auditd = "{ product: linux, service: auditd }";

    private static readonly string[] s_own =
    [
        Of(Process, "a: { Image|endswith: /x1, CommandLine|contains|all: [' -a', ' -b'] }\ncondition: a"),
        Of(Process, "a: { Image: /bin/x2, User: root }\nf: { CommandLine|startswith: ok }\ncondition: a and not f"),
        Of(Auditd, "a: { type: EXECVE, a0: [x3, x4] }\nb: [{ a1|re: '-D' }, { a2: z }]\ncondition: all of them"),
        Of(Auditd, "a: { type: EXECVE }\nb: [.history]\ncondition: a and b"),
        Of(Auditd, "a: { type: SYSCALL, SYSCALL: kexec_load }\ncondition: a"),
        Of(
            "{ category: file_event, product: linux }",
            "a: { TargetFilename|startswith: /etc/x, TargetFilename|endswith: .d }\ncondition: a"),
        Of(
            "{ category: network_connection, product: linux }",
            "a: { DestinationPort: 4444 }\nf: { DestinationIp|cidr: 10.0.0.0/8 }\ncondition: a and not f"),
        Of("{ category: webserver }", "a: { cs-method: POST, cs-uri-query|contains: '*/x?/y' }\ncondition: a"),
        Of("{ product: linux, service: sshd }", "a: ['no such thing*really']\nb: [one, two]\ncondition: a and 1 of b*"),
        Of("{ product: linux, service: sudo }", "a: { USER: '#-*' }\ncondition: a"),
    ];

    [Fact]
    public void Rules_of_our_own_find_what_they_are_about()
    {
        foreach (string rule in s_own)
        {
            (bool isFound, string[] deaf) = Try(rule);
            isFound.Should().BeTrue(rule);
            deaf.Should().BeEmpty(rule);
        }
    }

    [Fact]
    public void Extra_rules_of_others_find_what_they_are_about()
    {
        var lines = new SortedDictionary<string, Row>(StringComparer.Ordinal);
        var wrong = new List<string>();
        foreach (string file in Cases.Extra("security", "sigma", "*.yml"))
        {
            string text = File.ReadAllText(file);
            SigmaLoad load = SigmaHarness.Load(text);
            foreach (SigmaOutcome rule in load.Rules)
            {
                Row row = lines.GetValueOrDefault(rule.Logsource);
                row = row with { Rules = row.Rules + 1 };
                if (!rule.IsLoaded)
                {
                    string why = $"{rule.Reason}: {string.Join("; ", rule.Faults.Select(f => f.Message).Distinct())}";
                    row = row with { Why = $"{row.Why}\n    {Path.GetFileName(file)}: {why}" };
                }
                else if (load.Rules.Count == 1)
                {
                    (bool isFound, string[] deaf) = Try(text);
                    int found = isFound ? 1 : 0, sharp = isFound && deaf.Length == 0 ? 1 : 0;
                    row = row with { Loaded = row.Loaded + 1, Found = row.Found + found, Sharp = row.Sharp + sharp };
                    if (sharp == 0)
                    {
                        string why = isFound ? $"also without {string.Join(", ", deaf)}" : "no sample of it is found";
                        wrong.Add($"{Path.GetFileName(file)}: {why}");
                    }
                }
                lines[rule.Logsource] = row;
            }
        }
        output.WriteLine("logs                       | rules | loaded | find their sample | and not another");
        foreach ((string logs, Row row) in lines.Append(new("all", Sum(lines.Values))))
            output.WriteLine($"{logs,-26} | {row.Rules,5} | {row.Loaded,6} | {row.Found,17} | {row.Sharp,15}{row.Why}");
        wrong.Should().BeEmpty();
    }

    /// <summary>Whether a rule finds one of its samples, and which fields of the smallest of these may be anything.</summary>
    private static (bool IsFound, string[] Deaf) Try(string text)
    {
        AlertRule rule = SigmaHarness.Loaded(text);
        var problems = new List<Problem>();
        YamlMap yaml = (YamlMap)YamlComposer.ComposeAll(text, "rule", problems)[0];
        foreach (SigmaSample sample in SigmaSample.Of(yaml))
        {
            using EventBatch batch = sample.Event(yaml);
            if (SigmaHarness.Alerts([rule], batch).Count == 0)
                continue;
            IEnumerable<SigmaSample> deaf = sample.Mutations().Where(m => Finds(rule, m.Event(yaml)));
            return (true, [.. deaf.Select(m => m.Values.First(v => v.Value != sample.Values[v.Key]).Key)]);
        }
        return (false, []);
    }

    private static bool Finds(AlertRule rule, EventBatch batch)
    {
        using (batch)
            return SigmaHarness.Alerts([rule], batch).Count > 0;
    }

    private static Row Sum(IEnumerable<Row> rows) =>
        rows.Aggregate(default(Row), (a, b) => new Row(a.Rules + b.Rules, a.Loaded + b.Loaded, a.Found + b.Found, a.Sharp + b.Sharp, ""));

    private static string Of(string logsource, string detection) => SigmaHarness.Rule(detection, logsource);

    private readonly record struct Row(int Rules, int Loaded, int Found, int Sharp, string Why);
}
