using System.Text.Json;
using Metrics.Model;
using Metrics.Query;
using Metrics.Query.Engine;
using Metrics.Rules;
using Metrics.Rules.Testing;
using Metrics.Text;

namespace Metrics.Tests.Rules;

/// <summary>
/// Rule files that others have written: what Prometheus takes, we take, unchanged; every rule can be evaluated and its texts rendered.
/// </summary>
public sealed class RuleCollectionTests(ITestOutputHelper output)
{
    [Fact]
    public void What_Prometheus_accepts_is_accepted_evaluated_and_rendered()
    {
        var wrong = new List<string>();
        (int files, int rules, int refusedByBoth, int onlyOurs) = (0, 0, 0, 0);
        foreach (string facts in Cases.Extra("rules", "", "*.facts.json"))
        {
            string file = facts[..^".facts.json".Length];
            using JsonDocument known = JsonDocument.Parse(File.ReadAllText(facts));
            bool accepted = known.RootElement.GetProperty("promtool_2.42").GetString() == "accepts";
            var problems = new List<Problem>();
            IReadOnlyList<RuleGroup> groups = RuleFile.Read(File.ReadAllText(file), Path.GetFileName(file), problems);
            files++;
            if (problems.Count > 0)
            {
                output.WriteLine($"refused{(accepted ? " (Prometheus accepts)" : "")}: {file}: {problems[0]}");
                refusedByBoth += accepted ? 0 : 1;
                if (accepted)
                    wrong.Add($"{file}: {string.Join("; ", problems.Take(3))}");
                continue;
            }
            if (!accepted)
            {
                onlyOurs++;
                output.WriteLine($"accepted, though Prometheus 2.42 refuses: {file}: "
                    + $"{known.RootElement.GetProperty("message").GetString()}");
                continue;
            }
            Rule[] all = [.. groups.SelectMany(g => g.Rules)];
            bool agree = Agree([.. all.OfType<AlertRule>()], Names(known, "alerts"))
                && Agree([.. all.OfType<RecordingRule>()], Names(known, "records"));
            if (!agree || all.Length != known.RootElement.GetProperty("rules").GetInt32())
                wrong.Add($"{file}: the rules are {string.Join(' ', all.Select(r => r.Name))}");
            foreach (RuleGroup group in groups)
            {
                rules += group.Rules.Count;
                wrong.AddRange(Faults(group).Select(f => $"{file}: {f}"));
            }
        }
        output.WriteLine($"{files} files: {files - refusedByBoth - onlyOurs - wrong.Count} accepted as by Prometheus 2.42 with {rules} "
            + $"rules evaluated and rendered, {refusedByBoth} refused by both, {onlyOurs} accepted by us alone");
        wrong.Should().BeEmpty();
    }

    private static string[] Names(JsonDocument facts, string of) =>
        [.. facts.RootElement.GetProperty(of).EnumerateArray().Select(n => n.GetString()!)];

    /// <summary>
    /// Whether the known names come in the same order; names with unusual characters are not among them, but those of further YAML
    /// documents, which Prometheus does not read, are.
    /// </summary>
    private static bool Agree(Rule[] rules, string[] known)
    {
        string[] common = [.. rules.Select(r => r.Name).Where(known.Contains)];
        return common.SequenceEqual(known.Take(common.Length)) && common.Length >= Math.Min(known.Length, rules.Length);
    }

    private static List<string> Faults(RuleGroup group)
    {
        var faults = new List<string>();
        var series = new MemorySeries();
        // One sample for every selector, so that expressions have something to work on and most alerts something to say.
        foreach (Metrics.Query.Syntax.SelectorExpr selector in group.Rules.SelectMany(r => r.Queries.SelectMany(q => q.Root.All()))
            .OfType<Metrics.Query.Syntax.SelectorExpr>())
        {
            Label[] labels =
                [.. selector.Selector.Matchers.Where(m => m.Kind == Metrics.Series.MatchKind.Equal && m.Value.Length > 0)
                    .DistinctBy(m => m.Name).Select(m => new Label(m.Name, m.Value))];
            Labels of = Labels.Of(labels);
            for (int i = 0; i < 20; i++)
                series.Add(of["instance"].Length > 0 ? of : of.With("instance", "a:1"), i * 15_000, i * 7 % 20);
        }
        var engine = new QueryEngine();
        foreach (Rule rule in group.Rules)
        {
            try
            {
                rule.Queries.ToList().ForEach(q => engine.Instant(q, series, 300_000));
            }
            catch (QueryException e) when (e.Message.Contains("many-to-many", StringComparison.Ordinal)
                || e.Message.Contains("multiple matches", StringComparison.Ordinal)
                || e.Message.Contains("same labelset", StringComparison.Ordinal))
            {
                // The made-up series do not fit together; that is the data's fault.
            }
            catch (QueryException e)
            {
                faults.Add($"{rule.Name}: {e.Message}");
            }
            if (rule is not AlertRule alert)
                continue;
            Labels sample = Labels.Of("some_metric", ("instance", "host-1:9100"), ("job", "node"), ("severity", "page"));
            var scope =
                new TemplateScope(
                    sample, 12.5, double.NaN, 1_700_000_000_000, TimeSpan.Zero, _ =>
                    [new VectorElement(sample, new Sample(0, 3))], "http://metrics.example");
            foreach ((string name, RuleTemplate template) in alert.Labels.Concat(alert.Annotations))
            {
                try
                {
                    template.Render(scope, TimeProvider.System);
                }
                catch (TemplateException e)
                {
                    faults.Add($"{rule.Name}.{name}: {e.Message}");
                }
            }
        }
        return faults;
    }
}
