using System.Globalization;
using Metrics.Model;
using Metrics.Query;
using Metrics.Text;

namespace Metrics.Rules.Testing;

/// <summary>An alert that a test expects: its labels (<c>alertname</c> included) and texts.</summary>
public sealed record ExpectedAlert(Labels Labels, IReadOnlyDictionary<string, string> Annotations);

/// <summary>What alerts a rule should have at a moment.</summary>
/// <param name="At">Milliseconds after the test's beginning.</param>
/// <param name="AlertName">The rule.</param>
/// <param name="Group">Only rules of this group; null is any.</param>
/// <param name="Firing">Alerts that fire.</param>
/// <param name="NoData">Alerts that are open without data; null where the test does not ask.</param>
public sealed record AlertTest(
    long At, string AlertName, string? Group, IReadOnlyList<ExpectedAlert> Firing, IReadOnlyList<ExpectedAlert>? NoData);

/// <summary>What an expression should give at a moment.</summary>
public sealed record ExprTest(long At, PreparedQuery Expr, IReadOnlyList<(Labels Labels, double Value)> Samples);

/// <summary>A series and its values in the expanding notation.</summary>
public sealed record InputSeries(Labels Labels, IReadOnlyList<NotedValue> Values);

/// <summary>One test: series, and what is expected of rules and expressions over them.</summary>
public sealed record RuleTest
{
    /// <summary>Its name, or its number.</summary>
    public required string Name { get; init; }

    /// <summary>Distance of the input's values.</summary>
    public required TimeSpan Interval { get; init; }

    /// <summary>Where its time begins, milliseconds since 1970 UTC.</summary>
    public required long Start { get; init; }

    /// <summary>The input.</summary>
    public required IReadOnlyList<InputSeries> Series { get; init; }

    /// <summary>Events that come in, in that order.</summary>
    public IReadOnlyList<Event> Events { get; init; } = [];

    /// <summary>Expected alerts.</summary>
    public required IReadOnlyList<AlertTest> Alerts { get; init; }

    /// <summary>Expected results.</summary>
    public required IReadOnlyList<ExprTest> Exprs { get; init; }

    /// <summary>The address under which people reach us, for links in annotations.</summary>
    public required string ExternalUrl { get; init; }

    /// <summary>What templates written for Prometheus see as <c>$externalLabels</c>.</summary>
    public required Labels ExternalLabels { get; init; }
}

/// <summary>A file of tests in promtool's format, and ours on top: <c>exp_no_data</c>, <c>input_events</c>.</summary>
/// <param name="RuleFiles">Rule files, as written: relative to the test file, wildcards in the last part.</param>
/// <param name="Interval">How often rules are evaluated.</param>
/// <param name="GroupOrder">Names of groups in the order of their evaluation.</param>
/// <param name="Fuzzy">Whether values may differ in their last digits.</param>
/// <param name="Tests">The tests.</param>
/// <remarks>https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/</remarks>
public sealed record RuleTestFile(
    IReadOnlyList<string> RuleFiles, TimeSpan Interval, IReadOnlyList<string> GroupOrder, bool Fuzzy, IReadOnlyList<RuleTest> Tests)
{
    /// <summary>Reads a file's text.</summary>
    /// <param name="text">The YAML text.</param>
    /// <param name="file">Name for messages.</param>
    /// <param name="problems">Added to; null is given back when anything was.</param>
    public static RuleTestFile? Read(string text, string file, List<Problem> problems)
    {
        YamlValue? root = YamlComposer.Compose(text, file, problems);
        if (root is not YamlMap map)
        {
            if (root is not null)
                problems.Add(new Problem(file, root.Line, root.Column, "expected a mapping with the key 'tests'"));
            return null;
        }
        var top = new YamlSection(map, file, "", problems);
        TimeSpan interval = top.Duration("evaluation_interval", TimeSpan.FromMinutes(1), min: TimeSpan.FromMilliseconds(1));
        var read = new RuleTestFile(
            top.Texts("rule_files"), interval, top.Texts("group_eval_order"), top.Flag("fuzzy_compare", false),
            [.. top.Sections("tests").Select((s, i) => ReadTest(s, i + 1, interval))]);
        top.Finish();
        return problems.Count == 0 ? read : null;
    }

    private static RuleTest ReadTest(YamlSection section, int number, TimeSpan evaluation)
    {
        string name = section.Text("name", string.Create(CultureInfo.InvariantCulture, $"#{number}"));
        long start = ReadStart(section);
        var test = new RuleTest
        {
            Name = name,
            Interval = section.Duration("interval", evaluation, min: TimeSpan.FromMilliseconds(1)),
            Start = start,
            Series = [.. section.Sections("input_series").Select(ReadSeries).OfType<InputSeries>()],
            Events = InputEvents.Read(section, start),
            Alerts = [.. section.Sections("alert_rule_test").Select(ReadAlert)],
            Exprs = [.. section.Sections("promql_expr_test").Select(ReadExpr).OfType<ExprTest>()],
            ExternalUrl = section.Text("external_url", ""),
            ExternalLabels = Labels.Of([.. section.Map("external_labels").Select(l => new Label(l.Key, l.Value))]),
        };
        section.Finish();
        return test;
    }

    private static long ReadStart(YamlSection section)
    {
        if (section.Text("start_timestamp") is not { } text)
            return 0;
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double seconds))
            return (long)(seconds * 1000);
        if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time))
            return time.ToUnixTimeMilliseconds();
        section.Report("start_timestamp", $"is '{text}'; it must be seconds since 1970 or a time such as 2024-01-01T00:00:00Z");
        return 0;
    }

    private static InputSeries? ReadSeries(YamlSection section)
    {
        InputSeries? series = null;
        try
        {
            series = new InputSeries(
                SeriesNotation.ReadLabels(section.RequiredText("series")), SeriesNotation.ReadValues(section.Text("values", "")));
        }
        catch (FormatException e)
        {
            section.Report("values", $"cannot be read: {e.Message}");
        }
        section.Finish();
        return series;
    }

    private static AlertTest ReadAlert(YamlSection section)
    {
        string alert = section.RequiredText("alertname");
        var test = new AlertTest(
            Time(section), alert, section.Text("groupname"), [.. section.Sections("exp_alerts").Select(s => ReadExpected(s, alert))],
            section.Has("exp_no_data") ? [.. section.Sections("exp_no_data").Select(s => ReadExpected(s, alert))] : null);
        section.Finish();
        return test;
    }

    private static ExpectedAlert ReadExpected(YamlSection section, string alert)
    {
        IReadOnlyDictionary<string, string> labels = section.Map("exp_labels");
        var expected = new ExpectedAlert(
            Labels.Of([.. labels.Where(l => l.Key != "alertname").Select(l => new Label(l.Key, l.Value)), new Label("alertname", alert)]),
            section.Map("exp_annotations"));
        section.Finish();
        return expected;
    }

    private static ExprTest? ReadExpr(YamlSection section)
    {
        string text = section.RequiredText("expr");
        long at = Time(section);
        List<(Labels, double)> samples = [.. section.Sections("exp_samples").Select(ReadSample)];
        section.Finish();
        if (PreparedQuery.TryParse(text, out PreparedQuery? query, out QueryError? error))
            return new ExprTest(at, query!, samples);
        section.Report("expr", $"is not valid: {error}");
        return null;
    }

    private static (Labels, double) ReadSample(YamlSection section)
    {
        Labels labels = Labels.Empty;
        double value = 0;
        try
        {
            labels = SeriesNotation.ReadLabels(section.Text("labels", "{}"));
        }
        catch (FormatException e)
        {
            section.Report("labels", $"cannot be read: {e.Message}");
        }
        if (section.Has("histogram"))
            section.Report("histogram", "native histograms are not supported");
        string text = section.Text("value", "0");
        // YAML writes .nan, .inf and -.inf, others the same without the point.
        int point = text is ['+' or '-', ..] ? 1 : 0;
        bool isYamls = text.Length == point + 4 && text[point] == '.' && char.IsAsciiLetter(text[point + 1]);
        string plain = isYamls ? text.Remove(point, 1) : text;
        if (!Formats.FloatText.TryParse(System.Text.Encoding.UTF8.GetBytes(plain), out value))
            section.Report("value", $"is '{text}', which is not a number");
        section.Finish();
        return (labels, value);
    }

    private static long Time(YamlSection section)
    {
        if (section.Text("eval_time") is not { } text)
            return 0;
        if (Duration.TryParse(text, out TimeSpan time))
            return (long)time.TotalMilliseconds;
        section.Report("eval_time", $"is '{text}'; it must be a duration such as 15s, 5m or 1h30m");
        return 0;
    }
}
