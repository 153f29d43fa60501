using System.Globalization;
using Metrics.Model;
using Metrics.Rules;
using Metrics.Rules.Conditions;
using Metrics.Rules.Sigma;
using static Metrics.Tests.Rules.Sigma.SigmaHarness;

namespace Metrics.Tests.Rules.Sigma;

/// <summary>Rules that are nearly right: whatever stands in a file, it is read or refused, and looked for in events.</summary>
public sealed class SigmaMutationTests
{
    private const string Rules = """
        title: One
        name: one
        logsource: { product: linux, service: auditd }
        detection:
          a: { type: EXECVE, a0|contains|all: ['ch*d', c], a1|re|i: '^7{3}$', a2|windash|endswith: ['.t?t', '-x'] }
          b: [{ exe|base64offset|contains: /bin }, { uid|gte: 0, cwd|cidr: 10.0.0.0/8 }, { name|exists: true, key: null }]
          c: ['chmod', 'a\\*b']
          condition: (a or 1 of b*) and not (c or all of them)
        level: high
        ---
        title: Two
        correlation: { type: event_count, rules: [one], group-by: [exe], timespan: 5m, condition: { gte: 2 }, generate: true }
        name: two
        ---
        title: Three
        correlation: { type: temporal_ordered, rules: [two, one], group-by: [x], timespan: 5m, aliases: { x: { two: exe, one: exe } }, generate: true }
        """;

    private static readonly string[] s_pieces =
    [
        "|", "'", "\"", "[", "]", "{", "}", ":", "\n", "\\", "*", "?", "(", ")", "not ", " of ", "them", "null", "\t", "- ", "\0", "é",
        "%", "&", "|re: '(?<x>'",
    ];

    [Fact]
    public void Nothing_that_stands_in_a_file_is_more_than_an_error()
    {
        using EventBatch audit = Log("auditd", """
            type=SYSCALL msg=audit(1795687200.200:43): arch=c000003e syscall=59 success=yes a0=28 pid=7 auid=1000 uid=0 exe="/usr/bin/chmod"
            type=EXECVE msg=audit(1795687200.200:43): argc=3 a0="chmod" a1="777" a2=2F746D702F6120622E747874
            """);
        int tries = int.Parse(Environment.GetEnvironmentVariable("METRICS_MUTATED_FILES") ?? "4000", CultureInfo.InvariantCulture);
        var random = new Random(1);
        int loaded = 0;
        for (int i = 0; i < tries; i++)
        {
            string text = Mutated(random);
            SigmaLoad load = Load(text);
            load.Rules.Should().NotBeEmpty();
            foreach (AlertRule rule in load.Group?.Alerting ?? [])
            {
                foreach (EventStep step in ((EventCondition)rule.Condition).Steps)
                    step.Events.NextMatch(audit, 0).Should().BeInRange(0, 1);
                if (rule.Condition is EventSequence)
                    new AlertRuleState(rule, TimeProvider.System).Take(audit).Should().BeInRange(0, 1);
                loaded++;
            }
        }
        loaded.Should().BeGreaterThan(tries / 10, "what is always refused tries nothing");
    }

    private static string Mutated(Random random)
    {
        string text = Rules;
        for (int changes = random.Next(1, 4); changes > 0; changes--)
        {
            int at = random.Next(text.Length), length = Math.Min(random.Next(12), text.Length - at);
            text = random.Next(4) switch
            {
                0 => text.Remove(at, length),
                1 => text.Insert(at, s_pieces[random.Next(s_pieces.Length)]),
                2 => text.Insert(random.Next(text.Length), text.Substring(at, length)),
                _ => text.Remove(at, 1).Insert(at, ((char)random.Next(32, 127)).ToString()),
            };
        }
        return text;
    }
}
