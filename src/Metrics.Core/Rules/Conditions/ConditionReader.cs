using System.Globalization;
using Metrics.Formats;
using Metrics.Model;
using Metrics.Query;
using Metrics.Query.Syntax;
using Metrics.Text;

namespace Metrics.Rules.Conditions;

/// <summary>What a rule watches for, as it was read.</summary>
/// <param name="Condition">The condition; null when something is wrong, or when only its severities have bounds.</param>
/// <param name="WithBounds">Makes the condition of one severity; null when the rule can have none.</param>
internal readonly record struct ConditionRead(Condition? Condition, Func<Bounds, Condition>? WithBounds);

/// <summary>Reads what an alerting rule watches for.</summary>
internal static class ConditionReader
{
    private static readonly TimeSpan s_defaultForecastFrom = TimeSpan.FromHours(1);
    private static readonly TimeSpan s_second = TimeSpan.FromSeconds(1);

    /// <summary>Reads the condition; what is wrong is reported to the section.</summary>
    public static ConditionRead Read(YamlSection rule)
    {
        if (EventCountReader.IsFor(rule))
            return EventCountReader.Read(rule);
        PreparedQuery? expr = ReadExpr(rule);
        Bounds? bounds = BoundsReader.Read(rule);
        Forecast? forecast = null;
        if (rule.Has("forecast"))
        {
            if (bounds is not null || rule.Has("absent_for"))
                rule.Report("forecast", "cannot stand beside a threshold or absent_for");
            (expr, bounds, forecast) = ReadForecast(rule.Section("forecast"), expr);
        }
        Learned? learned = rule.Has("learned") ? ReadLearned(rule.Section("learned"), expr) : null;
        if (rule.Has("learned") && (bounds is not null || rule.Has("absent_for") || rule.Has("forecast")))
            rule.Report("learned", "cannot stand beside a threshold or absent_for: what is usual is the threshold");
        DeclaredExpectation? expect = rule.Has("expect") ? ReadExpect(rule) : null;
        if (expect is not null && !rule.Has("absent_for"))
            rule.Report("expect", "needs absent_for: after what time something that is expected counts as absent");
        TimeSpan? absentFor = rule.Has("absent_for") ? rule.Duration("absent_for", default, s_second) : null;
        if (absentFor is not null && bounds is not null)
            rule.Report("absent_for", "cannot stand beside a threshold: absence has no value; write two rules");
        if (expr is null)
            return default;
        if (absentFor is { } silence)
            return new ConditionRead(new Absence(expr, silence, expect), null);
        if (rule.Has("learned"))
            return new ConditionRead(learned, null);
        return bounds is not null
            ? new ConditionRead(new Threshold(expr, bounds) { Foretold = forecast }, null)
            : new ConditionRead(new Comparison(expr), b => new Threshold(expr, b));
    }

    /// <summary>The expression of a rule; null when it is not valid.</summary>
    public static PreparedQuery? ReadExpr(YamlSection rule)
    {
        string text = rule.RequiredText("expr");
        if (text.Length == 0)
            return null;
        if (PreparedQuery.TryParse(text, out PreparedQuery? query, out QueryError? error))
            return query;
        rule.Report("expr", $"is not valid: {error}");
        return null;
    }

    /// <summary>"Full in nine days": the seconds until the line through the recent past reaches a bound.</summary>
    private static (PreparedQuery? Expr, Bounds? Bounds, Forecast? Forecast) ReadForecast(YamlSection section, PreparedQuery? expr)
    {
        List<RuleTemplate> limit = BoundsReader.ReadLimits(section, "reaches", 1);
        TimeSpan within = section.Duration("within", TimeSpan.Zero), from = section.Duration("from", s_defaultForecastFrom, s_second);
        if (within <= TimeSpan.Zero)
            section.Report("within", "is required: how far ahead is looked, such as 9d");
        if (limit.Count > 0 && limit[0].ConstantNumber is null)
            section.Report("reaches", "must be a number");
        section.Finish();
        if (expr is null || limit.Count == 0 || limit[0].ConstantNumber is not { } reaches)
            return (expr, null, null);
        string range = expr.Root is SelectorExpr ? $"{expr.Text}[{Duration.Format(from)}]" : $"({expr.Text})[{Duration.Format(from)}:]";
        string text = $"({FloatText.Format(reaches)} - ({expr.Text})) / deriv({range})";
        if (!PreparedQuery.TryParse(text, out PreparedQuery? query, out QueryError? error))
        {
            section.Report("reaches", $"cannot be forecast of this expression: {error}");
            return (expr, null, null);
        }
        return (
            query, new Bounds(ThresholdKind.Within, [RuleTemplate.Plain(FloatText.Format(within.TotalSeconds))], null),
            new Forecast(expr, reaches, within, from));
    }

    private static Learned? ReadLearned(YamlSection section, PreparedQuery? expr)
    {
        double probability = ReadShare(section, "probability", 0.5, 0.999) ?? 0.999;
        double? share = ReadShare(section, "share", 0, 0.7);
        TimeSpan window = section.Duration("window", TimeSpan.FromMinutes(10), s_second);
        TimeSpan minHistory = section.Duration("min_history", TimeSpan.FromDays(1), s_second);
        bool onlySilence = section.Flag("silence", false);
        if (onlySilence && share is not null)
            section.Report("share", "cannot stand beside silence: nothing at all is no share of what is usual");
        PreparedQuery? judged = null;
        if (section.Text("while") is { } condition && !PreparedQuery.TryParse(condition, out judged, out QueryError? error))
            section.Report("while", $"is not valid: {error}");
        section.Finish();
        return expr is null ? null
            : new Learned(expr, probability, window, minHistory) { OnlySilence = onlySilence, Share = share ?? 1, While = judged };
    }

    /// <summary>A number below 1; null where there is none, or where it is wrong, which is reported.</summary>
    private static double? ReadShare(YamlSection section, string key, double above, double example)
    {
        if (section.Text(key) is not { } text)
            return null;
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && number > above && number < 1)
            return number;
        section.Report(key, $"is '{text}'; it must be a number above {FloatText.Format(above)} and below 1, such as "
            + FloatText.Format(example));
        return null;
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
}
