using Metrics.Model;
using Metrics.Query;
using Metrics.Rules.Conditions;
using Metrics.Text;

namespace Metrics.Rules;

/// <summary>
/// Reads rule files: Prometheus's schema and ours on top (docs/rules.md). Every problem is reported with line and column.
/// </summary>
/// <remarks>https://prometheus.io/docs/prometheus/latest/configuration/recording_rules/</remarks>
public static class RuleFile
{
    /// <summary>Reads one file's text.</summary>
    /// <param name="text">The YAML text.</param>
    /// <param name="file">Name for messages.</param>
    /// <param name="problems">Added to; the groups are usable only when nothing was added.</param>
    /// <param name="defaults">What holds for groups that do not say.</param>
    public static IReadOnlyList<RuleGroup> Read(string text, string file, List<Problem> problems, RuleDefaults? defaults = null)
    {
        YamlValue? root = YamlComposer.Compose(text, file, problems);
        if (root is null)
            return [];
        if (root is not YamlMap map)
        {
            problems.Add(new Problem(file, root.Line, root.Column, "expected a mapping with the key 'groups'"));
            return [];
        }
        var top = new YamlSection(map, file, "", problems);
        var groups = new List<RuleGroup>();
        foreach (YamlSection section in top.Sections("groups"))
        {
            RuleGroup group = ReadGroup(section, defaults ?? RuleDefaults.None);
            if (groups.Exists(g => g.Name == group.Name))
                section.Report("name", $"is '{group.Name}', which another group of this file has already");
            groups.Add(group);
        }
        top.Finish();
        return groups;
    }

    private static RuleGroup ReadGroup(YamlSection section, RuleDefaults defaults)
    {
        string name = section.RequiredText("name");
        // Prometheus takes none at all for the default.
        bool isNone = Duration.TryParse(section.Text("interval", ""), out TimeSpan said) && said == TimeSpan.Zero;
        TimeSpan interval = isNone ? defaults.Interval
            : section.Duration("interval", defaults.Interval, min: TimeSpan.FromMilliseconds(100));
        IReadOnlyDictionary<string, string> labels = section.Map("labels");
        var rules = new List<Rule>();
        foreach (YamlSection rule in section.Sections("rules"))
        {
            if (rule.Has("record") && rule.Has("alert"))
                rule.Report("record", "and 'alert' cannot stand in one rule");
            else if (!rule.Has("record"))
                rules.AddRange(AlertRuleReader.Read(rule, labels));
            else if (ReadRecording(rule, labels) is { } read)
                rules.Add(read);
            rule.Finish();
        }
        int limit = section.Number("limit", 0);
        TimeSpan offset = section.Duration("query_offset", defaults.QueryOffset);
        section.Finish();
        return new RuleGroup(name, section.File, interval, rules)
        {
            Limit = Math.Max(0, limit), QueryOffset = offset, Digest = YamlDigest.Of([section.Content]),
        };
    }

    private static RecordingRule? ReadRecording(YamlSection rule, IReadOnlyDictionary<string, string> groupLabels)
    {
        string name = rule.RequiredText("record");
        if (name.Length > 0 && !Labels.IsPlainMetricName(name))
            rule.Report("record", $"is '{name}', which is not a metric name");
        PreparedQuery? expr = ConditionReader.ReadExpr(rule);
        IReadOnlyDictionary<string, string> labels = rule.Map("labels");
        return expr is null ? null : new RecordingRule
        {
            Name = name, Location = $"{rule.File}:{rule.Line}", Expr = expr,
            Labels = [.. groupLabels.Where(g => !labels.ContainsKey(g.Key)), .. labels],
        };
    }
}
