using Metrics.Text;
using Metrics.Model;
using Metrics.Query;
using Metrics.Rules.Absence;

namespace Metrics.Rules;

/// <summary>Reads rule files: Prometheus's schema and ours on top (docs/rules.md). Every problem is reported with line and column.</summary>
/// <remarks>https://prometheus.io/docs/prometheus/latest/configuration/recording_rules/</remarks>
public static class RuleFile
{
    private static readonly TimeSpan s_defaultInterval = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan s_defaultNoDataTimeout = TimeSpan.FromDays(1);

    private static readonly TimeSpan s_defaultForecastFrom = TimeSpan.FromHours(1);
    private static readonly string[] s_severities = ["info", "warning", "critical"];

    private static readonly (string Key, ThresholdKind Kind)[] s_thresholds =
    [
        ("above", ThresholdKind.Above), ("below", ThresholdKind.Below), ("outside", ThresholdKind.Outside),
        ("equals", ThresholdKind.Equals), ("not_equals", ThresholdKind.NotEquals),
    ];

    /// <summary>Reads one file's text.</summary>
    /// <param name="text">The YAML text.</param>
    /// <param name="file">Name for messages.</param>
    /// <param name="problems">Added to; the groups are usable only when nothing was added.</param>
    public static IReadOnlyList<RuleGroup> Read(string text, string file, List<Problem> problems)
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
            RuleGroup group = ReadGroup(section);
            if (groups.Exists(g => g.Name == group.Name))
                section.Report("name", $"is '{group.Name}', which another group of this file has already");
            groups.Add(group);
        }
        top.Finish();
        return groups;
    }

    private static RuleGroup ReadGroup(YamlSection section)
    {
        string name = section.RequiredText("name");
        TimeSpan interval = section.Duration("interval", s_defaultInterval, min: TimeSpan.FromMilliseconds(100));
        IReadOnlyDictionary<string, string> labels = section.Map("labels");
        var rules = new List<Rule>();
        foreach (YamlSection rule in section.Sections("rules"))
        {
            if (rule.Has("record") && rule.Has("alert"))
                rule.Report("record", "and 'alert' cannot stand in one rule");
            else if (!rule.Has("record"))
                rules.AddRange(ReadAlert(rule, labels));
            else if (ReadRecording(rule, labels) is { } read)
                rules.Add(read);
            rule.Finish();
        }
        int limit = section.Number("limit", 0);
        TimeSpan offset = section.Duration("query_offset", TimeSpan.Zero);
        section.Finish();
        return new RuleGroup(name, section.File, interval, rules) { Limit = Math.Max(0, limit), QueryOffset = offset };
    }

    private static RecordingRule? ReadRecording(YamlSection rule, IReadOnlyDictionary<string, string> groupLabels)
    {
        string name = rule.RequiredText("record");
        if (name.Length > 0 && !Labels.IsPlainMetricName(name))
            rule.Report("record", $"is '{name}', which is not a metric name");
        PreparedQuery? expr = ReadExpr(rule);
        IReadOnlyDictionary<string, string> labels = rule.Map("labels");
        return expr is null ? null : new RecordingRule
        {
            Name = name, Location = $"{rule.File}:{rule.Line}", Expr = expr, Labels = [.. groupLabels.Where(g => !labels.ContainsKey(g.Key)), .. labels],
        };
    }

    private static IReadOnlyList<AlertRule> ReadAlert(YamlSection rule, IReadOnlyDictionary<string, string> groupLabels)
    {
        string name = rule.RequiredText("alert");
        if (rule.Has("events"))
        {
            rule.Report("events", "rules over events are not supported in this version");
            foreach (string key in new[] { "window", "group_by", "count", "distinct" })
                _ = rule.Value(key);
        }
        PreparedQuery? expr = rule.Has("events") ? null : ReadExpr(rule);
        Threshold? threshold = ReadThreshold(rule);
        if (rule.Has("forecast"))
        {
            if (threshold is not null || rule.Has("absent_for"))
                rule.Report("forecast", "cannot stand beside a threshold or absent_for");
            (expr, threshold) = ReadForecast(rule.Section("forecast"), expr);
        }
        LearnedExpectation? learned = rule.Has("learned") ? ReadLearned(rule.Section("learned")) : null;
        if (learned is not null && (threshold is not null || rule.Has("absent_for") || rule.Has("forecast")))
            rule.Report("learned", "cannot stand beside a threshold or absent_for: what is usual is the threshold");
        DeclaredExpectation? expect = rule.Has("expect") ? ReadExpect(rule) : null;
        if (expect is not null && !rule.Has("absent_for"))
            rule.Report("expect", "needs absent_for: after what time something that is expected counts as absent");
        TimeSpan? absentFor = rule.Has("absent_for") ? rule.Duration("absent_for", default, min: TimeSpan.FromSeconds(1)) : null;
        if (absentFor is not null && threshold is not null)
            rule.Report("absent_for", "cannot stand beside a threshold: absence has no value; write two rules");
        var policy = new AlertPolicy(
            rule.Duration("for", TimeSpan.Zero),
            rule.Duration("keep_firing_for", TimeSpan.Zero),
            rule.Choice("no_data", "keep", "keep", "fire", "resolve") switch
            {
                "fire" => NoDataPolicy.Fire,
                "resolve" => NoDataPolicy.Resolve,
                _ => NoDataPolicy.Keep,
            },
            rule.Duration("no_data_timeout", s_defaultNoDataTimeout, min: TimeSpan.FromSeconds(1)));
        List<KeyValuePair<string, RuleTemplate>> labels = ReadTemplates(rule, "labels");
        labels.InsertRange(0, groupLabels.Where(g => !labels.Exists(l => l.Key == g.Key)).Select(g => new KeyValuePair<string, RuleTemplate>(g.Key, RuleTemplate.Plain(g.Value))));
        List<KeyValuePair<string, RuleTemplate>> annotations = ReadTemplates(rule, "annotations");
        if (labels.Exists(l => l.Key is Labels.MetricName or "alertname"))
            rule.Report("labels", "cannot set __name__ or alertname; the rule's name is the alertname");
        List<(SeverityStep Step, Threshold? Threshold, TimeSpan? For)> severities = ReadSeverities(rule, threshold is not null || absentFor is not null || learned is not null);
        if (expr is null)
            return [];
        var alert = new AlertRule
        {
            Name = name, Location = $"{rule.File}:{rule.Line}", Expr = expr, Threshold = threshold, AbsentFor = absentFor, Learned = learned, Expect = expect, Policy = policy,
            Labels = labels, Annotations = annotations,
        };
        return severities.Count == 0 ? [alert] :
        [
            .. severities.Select(s => alert with
            {
                Threshold = s.Threshold, Ladder = s.Step, Policy = policy with { For = s.For ?? policy.For },
                Labels = [.. labels.Where(l => l.Key != "severity"), new("severity", RuleTemplate.Plain(s.Step.Severity))],
            }),
        ];
    }

    /// <summary>Several severities in one rule: a mapping a severity, each with its own threshold.</summary>
    private static List<(SeverityStep, Threshold?, TimeSpan?)> ReadSeverities(YamlSection rule, bool hasOther)
    {
        var all = new List<(SeverityStep, Threshold?, TimeSpan?)>();
        for (int rank = 0; rank < s_severities.Length; rank++)
        {
            string severity = s_severities[rank];
            if (!rule.Has(severity))
                continue;
            if (hasOther)
                rule.Report(severity, "cannot stand beside a threshold of the rule itself, absent_for or learned");
            YamlSection section = rule.Section(severity);
            Threshold? threshold = ReadThreshold(section);
            if (threshold is null && section.Problems.Count == 0)
                rule.Report(severity, "needs a threshold: above, below, outside, equals or not_equals");
            all.Add((new SeverityStep($"{rule.File}:{rule.Line}", severity, rank), threshold, section.Has("for") ? section.Duration("for", TimeSpan.Zero) : null));
            section.Finish();
        }
        return all;
    }

    /// <summary>"Full in nine days": the seconds until the line through the recent past reaches a bound.</summary>
    private static (PreparedQuery? Expr, Threshold? Threshold) ReadForecast(YamlSection section, PreparedQuery? expr)
    {
        List<RuleTemplate> bound = ReadBounds(section, "reaches", 1);
        TimeSpan within = section.Duration("within", TimeSpan.Zero), from = section.Duration("from", s_defaultForecastFrom, min: TimeSpan.FromSeconds(1));
        if (within <= TimeSpan.Zero)
            section.Report("within", "is required: how far ahead is looked, such as 9d");
        if (bound.Count > 0 && bound[0].ConstantNumber is null)
            section.Report("reaches", "must be a number");
        section.Finish();
        if (expr is null || bound.Count == 0 || bound[0].ConstantNumber is not { } reaches)
            return (expr, null);
        string range = expr.Root is Query.Syntax.SelectorExpr ? $"{expr.Text}[{Duration.Format(from)}]" : $"({expr.Text})[{Duration.Format(from)}:]";
        if (!PreparedQuery.TryParse($"({Formats.FloatText.Format(reaches)} - ({expr.Text})) / deriv({range})", out PreparedQuery? query, out QueryError? error))
        {
            section.Report("reaches", $"cannot be forecast of this expression: {error}");
            return (expr, null);
        }
        return (query, new Threshold(ThresholdKind.Within, [RuleTemplate.Plain(Formats.FloatText.Format(within.TotalSeconds))], null));
    }

    private static LearnedExpectation ReadLearned(YamlSection section)
    {
        string text = section.Text("probability", "0.999");
        if (!double.TryParse(text, System.Globalization.NumberStyles.Float, System.Globalization.CultureInfo.InvariantCulture, out double probability) || probability is not (> 0.5 and < 1))
        {
            section.Report("probability", $"is '{text}'; it must be a number above 0.5 and below 1, such as 0.999");
            probability = 0.999;
        }
        var learned = new LearnedExpectation(probability, section.Duration("window", TimeSpan.FromMinutes(10), min: TimeSpan.FromSeconds(1)), section.Duration("min_history", TimeSpan.FromDays(1), min: TimeSpan.FromSeconds(1)));
        section.Finish();
        return learned;
    }

    private static DeclaredExpectation ReadExpect(YamlSection rule)
    {
        if (rule.Value("expect") is YamlList)
            return new DeclaredExpectation([.. rule.Sections("expect").Select(ReadLabels)], null, null, []);
        YamlSection section = rule.Section("expect");
        PreparedQuery? query = null;
        if (section.Text("query") is { } text && !PreparedQuery.TryParse(text, out query, out QueryError? error))
            section.Report("query", $"is not valid: {error}");
        var expect = new DeclaredExpectation([], section.Text("file"), query, section.Texts("by"));
        if (expect.File is null == (query is null))
            section.Report("file", "or query is required: where that which must be there is listed (or give a list of labels)");
        if (query is not null && expect.By.Count == 0)
            section.Report("by", "is required with query: the labels that name what is expected, such as [host]");
        section.Finish();
        return expect;
    }

    private static Labels ReadLabels(YamlSection section)
    {
        Labels labels = Labels.Of([.. section.Keys.ToList().Select(k => new Label(k, section.RequiredText(k)))]);
        section.Finish();
        return labels;
    }

    private static PreparedQuery? ReadExpr(YamlSection rule)
    {
        string text = rule.RequiredText("expr");
        if (text.Length == 0)
            return null;
        if (PreparedQuery.TryParse(text, out PreparedQuery? query, out QueryError? error))
            return query;
        rule.Report("expr", $"is not valid: {error}");
        return null;
    }

    private static Threshold? ReadThreshold(YamlSection rule)
    {
        Threshold? threshold = null;
        string? given = null;
        foreach ((string key, ThresholdKind kind) in s_thresholds)
        {
            if (!rule.Has(key))
                continue;
            if (given is not null)
            {
                rule.Report(key, $"and '{given}' cannot stand in one rule");
                continue;
            }
            given = key;
            List<RuleTemplate> bounds = ReadBounds(rule, key, kind == ThresholdKind.Outside ? 2 : 1);
            if (bounds.Count > 0)
                threshold = new Threshold(kind, bounds, null);
        }
        if (!rule.Has("clear"))
            return threshold;
        if (given is not ("above" or "below"))
        {
            rule.Report("clear", "needs 'above' or 'below' in the same rule");
            return threshold;
        }
        RuleTemplate? clear = ReadBounds(rule, "clear", 1).FirstOrDefault();
        if (threshold is not null && clear?.ConstantNumber is { } at && threshold.Bounds[0].ConstantNumber is { } bound
            && (threshold.Kind == ThresholdKind.Above ? at > bound : at < bound))
        {
            rule.Report("clear", $"is {at}, which lies beyond the bound {bound}; the alert could never clear");
        }
        return threshold is null ? null : threshold with { Clear = clear };
    }

    private static List<RuleTemplate> ReadBounds(YamlSection rule, string key, int count)
    {
        IReadOnlyList<string> texts = rule.Texts(key);
        var bounds = new List<RuleTemplate>();
        if (texts.Count != count)
        {
            rule.Report(key, count == 1 ? "takes one number or template" : "takes a list of two numbers or templates: [low, high]");
            return bounds;
        }
        foreach (string text in texts)
        {
            if (!RuleTemplate.TryCompile(text, out RuleTemplate? template, out string? error))
                rule.Report(key, $"is not a valid template: {error}");
            else if (template!.IsConstant && template.ConstantNumber is null)
                rule.Report(key, $"is '{text}', which is not a number");
            else
                bounds.Add(template);
        }
        return bounds.Count == count ? bounds : [];
    }

    private static List<KeyValuePair<string, RuleTemplate>> ReadTemplates(YamlSection rule, string key)
    {
        var templates = new List<KeyValuePair<string, RuleTemplate>>();
        foreach ((YamlText name, YamlText value) in rule.TextEntries(key))
        {
            if (RuleTemplate.TryCompile(value.Text, out RuleTemplate? template, out string? error))
                templates.Add(new(name.Text, template!));
            else
                rule.Problems.Add(new Problem(rule.File, value.Line, value.Column, $"{rule.Path}.{key}.{name.Text} is not a valid template: {error}"));
        }
        return templates;
    }
}
