using System.Globalization;
using System.Text.RegularExpressions;
using Metrics.Model;
using Metrics.Query;
using Metrics.Query.Engine;
using Metrics.Query.Syntax;
using Metrics.Rules.Testing;

namespace Metrics.Tests.Query;

/// <summary>
/// Runs scripts of Prometheus's own test suite: <c>load</c>, <c>clear</c>, <c>eval instant|range</c> with expected series and <c>expect
/// …</c>. Cases that touch native histograms are left out, and told by name.
/// </summary>
/// <remarks>https://github.com/prometheus/prometheus/blob/main/promql/promqltest/README.md</remarks>
internal sealed partial class PromqlScript
{
    /// <summary>The suite's own tolerance: expected values are written with few digits.</summary>
    private const double Tolerance = 1e-6;

    private readonly QueryEngine _engine = new(new EngineOptions { DelayedNameRemoval = true });
    private readonly string _file;
    private readonly string[] _lines;
    private MemorySeries _series = new();
    private MemorySeries _histograms = new();
    private int _at;

    private PromqlScript(string file)
    {
        _file = Path.GetFileName(file);
        _lines = [.. File.ReadAllLines(file).Select(l => l.Trim()).Select(l => l.StartsWith('#') ? "" : l)];
    }

    public int Passed { get; private set; }

    public List<string> Failed { get; } = [];

    public List<string> LeftOut { get; } = [];

    public static PromqlScript Run(string file)
    {
        var script = new PromqlScript(file);
        script.RunAll();
        return script;
    }

    private sealed class Case
    {
        public required string Name;
        public required string Text;
        public bool IsRange;
        public long From, To, Step;
        public bool Fails, Ordered;
        public string? Message;
        public bool? Warns, Informs;
        public List<(bool IsWarning, string Kind, string Text)> Messages = [];
        public string? ExpectedText;
        public double? ExpectedScalar;
        public bool ExpectsSamples;
        public long SamplesFrom, SamplesStep;
        public List<(Labels Labels, List<NotedValue> Values)> Expected = [];
    }

    private void RunAll()
    {
        for (_at = 0; _at < _lines.Length; _at++)
        {
            string line = _lines[_at];
            if (line.Length == 0)
                continue;
            if (line == "clear")
                (_series, _histograms) = (new MemorySeries(), new MemorySeries());
            else if (line.StartsWith("load", StringComparison.Ordinal))
                Load(line);
            else if (line.StartsWith("eval", StringComparison.Ordinal))
                Evaluate(line);
            else
                Failed.Add($"{_file}:{_at + 1}: not understood: {line}");
        }
    }

    private IEnumerable<string> Block()
    {
        while (_at + 1 < _lines.Length && _lines[_at + 1].Length > 0)
            yield return _lines[++_at];
    }

    private void Load(string line)
    {
        string[] words = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        long step = Milliseconds(words[1]);
        var starts = new Dictionary<string, List<NotedValue>>();
        foreach (string series in Block())
        {
            (string labels, string values) = SeriesNotation.Split(series);
            if (labels.EndsWith("@st", StringComparison.Ordinal) || values.StartsWith("@st", StringComparison.Ordinal))
            {
                string of = labels.EndsWith("@st", StringComparison.Ordinal) ? labels[..^3] : labels;
                starts[of] = SeriesNotation.ReadValues(values.StartsWith("@st", StringComparison.Ordinal) ? values[3..] : values);
                continue;
            }
            Labels key = SeriesNotation.ReadLabels(labels);
            if (words[0] == "load_with_nhcb" && key.Name.EndsWith("_bucket", StringComparison.Ordinal))
                _histograms.Add(key.Without("le").With(Labels.MetricName, key.Name[..^"_bucket".Length]), 0, 1);
            List<NotedValue> noted = SeriesNotation.ReadValues(values);
            for (int i = 0; i < noted.Count; i++)
            {
                if (noted[i].IsHistogram)
                    _histograms.Add(key, 0, 1);
                if (noted[i].Value is { } value)
                    _series.Add(key, i * step, value, StartOf(starts.GetValueOrDefault(labels), i, step));
            }
        }
    }

    /// <summary>Start times stand relative to their samples, in the line before those.</summary>
    private static long StartOf(List<NotedValue>? starts, int i, long step) =>
        starts is not null && i < starts.Count && starts[i].Value is { } relative ? (i * step) + (long)Math.Round(relative * 1000) : 0;

    private void Evaluate(string line)
    {
        int number = _at + 1;
        Match match = EvalLine().Match(line);
        if (!match.Success)
        {
            Failed.Add($"{_file}:{number}: not understood: {line}");
            return;
        }
        var test = new Case
        {
            Name = $"{_file}:{number}: {match.Groups["expr"].Value}",
            Text = match.Groups["expr"].Value,
            IsRange = match.Groups["from"].Success,
            Fails = match.Groups["mode"].Value == "_fail",
            Ordered = match.Groups["mode"].Value == "_ordered",
            Warns = match.Groups["mode"].Value == "_warn" ? true : null,
            Informs = match.Groups["mode"].Value == "_info" ? true : null,
        };
        bool native = false;
        string? unread = null;
        if (test.IsRange)
            (test.From, test.To, test.Step) = (
                Milliseconds(match.Groups["from"].Value), Milliseconds(match.Groups["to"].Value), Milliseconds(match.Groups["step"].Value));
        else
            test.From = test.To = Milliseconds(match.Groups["at"].Value);
        foreach (string expected in Block())
        {
            native |= Regex.IsMatch(expected, @"^\{\{|\s\{\{");
            if (!native && !TryReadExpectation(test, expected))
                unread = expected;
        }
        native |= TouchesHistograms(test);
        if (!native && unread is not null)
        {
            Failed.Add($"{test.Name}: not understood: {unread}");
            return;
        }
        if (native)
        {
            LeftOut.Add(test.Name);
            return;
        }
        string? fault = Try(test);
        if (fault is null)
            Passed++;
        else
            Failed.Add($"{test.Name}\n    {fault}");
    }

    private static bool TryReadExpectation(Case test, string line)
    {
        try
        {
            ReadExpectation(test, line);
            return true;
        }
        catch (Exception e) when (e is FormatException or InvalidOperationException)
        {
            return false;
        }
    }

    private static void ReadExpectation(Case test, string line)
    {
        // As older scripts have it.
        if (OldFailLine().Match(line) is { Success: true } old)
        {
            test.Message = $"{(old.Groups["how"].Value == "message" ? "msg" : "regex")}:{old.Groups["text"].Value.Trim()}";
            return;
        }
        if (!line.StartsWith("expect", StringComparison.Ordinal))
        {
            if (!line.Contains('{', StringComparison.Ordinal) && !char.IsAsciiLetter(line[0]) || line is "NaN" or "Inf" or "+Inf")
                test.ExpectedScalar = SeriesNotation.ReadValues(line).Single().Value;
            else
            {
                (string labels, string values) = SeriesNotation.Split(line);
                test.Expected.Add((SeriesNotation.ReadLabels(labels), SeriesNotation.ReadValues(values)));
            }
            return;
        }
        Match match = ExpectLine().Match(line);
        string kind = match.Groups["kind"].Value, how = match.Groups["how"].Value, text = match.Groups["text"].Value.Trim();
        switch (kind)
        {
            case "ordered":
                test.Ordered = true;
                break;
            case "fail":
                test.Fails = true;
                test.Message = how.Length == 0 ? null : how + ":" + text;
                break;
            case "warn" or "info":
                if (kind == "warn")
                    test.Warns = true;
                else
                    test.Informs = true;
                if (how.Length > 0)
                    test.Messages.Add((kind == "warn", how, text));
                break;
            case "no_warn":
                test.Warns = false;
                break;
            case "no_info":
                test.Informs = false;
                break;
            case "string":
                test.ExpectedText = ((StringExpr)Parser.TryParse(text, out _)!).Value;
                break;
            case "range":
                Match range = ExpectRange().Match(line);
                test.ExpectsSamples = true;
                (test.SamplesFrom, test.SamplesStep) = (Milliseconds(range.Groups[1].Value), Milliseconds(range.Groups[3].Value));
                break;
            default:
                throw new FormatException($"not understood: {line}");
        }
    }

    private bool TouchesHistograms(Case test)
    {
        if (Parser.TryParse(test.Text, out _) is not { } expr)
            return false;
        bool only = expr.All().OfType<CallExpr>()
            .Any(c => c.Function.Name.StartsWith("histogram_", StringComparison.Ordinal)
            && c.Function.Name is not ("histogram_quantile" or "histogram_quantiles" or "histogram_fraction"));
        return only
            || expr.All().OfType<SelectorExpr>().Any(s => _histograms.Select(s.Selector.Matchers, long.MinValue, long.MaxValue).Count > 0);
    }

    private string? Try(Case test)
    {
        try
        {
            if (!PreparedQuery.TryParse(test.Text, out PreparedQuery? query, out QueryError? error))
                return test.Fails ? CheckMessage(test, error!.ToString()) : $"{error}";
            QueryResult result = test.IsRange
                ? _engine.Range(query!, _series, EvaluationSteps.Between(test.From, test.To, test.Step))
                : _engine.Instant(query!, _series, test.From);
            if (test.Fails)
                return "should have failed";
            return CheckNotes(test, result)
                ?? (test.IsRange ? CheckRange(test, result.Matrix, test.From, test.Step) : CheckInstant(test, query!, result));
        }
        catch (QueryException e)
        {
            return test.Fails ? CheckMessage(test, e.Message) : $"failed: {e.Message}";
        }
    }

    private static string? CheckMessage(Case test, string message)
    {
        if (test.Message is not { } expected)
            return null;
        string text = expected[(expected.IndexOf(':', StringComparison.Ordinal) + 1)..];
        bool met = expected.StartsWith("msg:", StringComparison.Ordinal)
            ? message.Contains(text, StringComparison.Ordinal)
            : Regex.IsMatch(message, text);
        return met ? null : $"failed with: {message}\n    expected:    {text}";
    }

    private static string? CheckNotes(Case test, QueryResult result)
    {
        if (test.Warns is { } warns && warns != result.Warnings.Count > 0)
            return $"warnings: [{string.Join("; ", result.Warnings)}]";
        if (test.Informs is { } informs && informs != result.Infos.Count > 0)
            return $"infos: [{string.Join("; ", result.Infos)}]";
        foreach ((bool isWarning, string kind, string text) in test.Messages)
        {
            IReadOnlyList<string> told = isWarning ? result.Warnings : result.Infos;
            if (!told.Any(t => kind == "msg" ? t == text : Regex.IsMatch(t, text)))
                return $"expected: {text}\n    told:     {string.Join("; ", told)}";
        }
        return null;
    }

    private string? CheckInstant(Case test, PreparedQuery query, QueryResult result)
    {
        if (test.ExpectedText is { } text)
            return result.Text == text ? null : $"gave {result.Text}";
        if (test.ExpectsSamples)
            return CheckRange(test, result.Matrix, test.SamplesFrom, test.SamplesStep);
        if (test.ExpectedScalar is { } scalar)
            return result.Type == ExprType.Scalar && Same(scalar, result.Vector[0].Sample.Value)
                ? null
                : $"gave {result.Type} {(result.Vector.Count > 0 ? result.Vector[0].Sample.Value : null)}, expected {scalar}";
        if (result.Type is not (ExprType.Vector or ExprType.Scalar))
            return $"gave a {result.Type}";
        string? fault = CheckVector(test, [.. result.Vector.Select(v => (v.Labels, v.Sample.Value))]);
        if (fault is not null || test.Ordered)
            return fault;
        // The same moment within a range gives the same.
        QueryResult around = _engine.Range(query, _series, new EvaluationSteps(test.From - 60_000, 60_000, 3));
        List<(Labels, double)> middle =
            [.. around.Matrix.Where(m => Array.IndexOf(m.Times, test.From) >= 0)
                .Select(m => (m.Labels, m.Values[Array.IndexOf(m.Times, test.From)]))];
        return DependsOnRange(query) ? null : CheckVector(test, middle) is { } inRange ? $"within a range: {inRange}" : null;
    }

    private static bool DependsOnRange(PreparedQuery query) =>
        query.Root.All().Any(e => e is CallExpr { Function.Name: "start" or "end" or "step" or "range" }
            or SelectorExpr { Time.At: AtKind.Start or AtKind.End } or SubqueryExpr { Time.At: AtKind.Start or AtKind.End })
        || query.Text.Contains("step()", StringComparison.Ordinal) || query.Text.Contains("range()", StringComparison.Ordinal);

    private static string? CheckVector(Case test, List<(Labels Labels, double Value)> got)
    {
        if (got.Count != test.Expected.Count)
            return $"gave {got.Count} series, expected {test.Expected.Count}: "
                + $"{string.Join("; ", got.Select(g => $"{g.Labels} {g.Value}"))}";
        for (int i = 0; i < got.Count; i++)
        {
            (Labels labels, List<NotedValue> values) = test.Expected[i];
            int place = test.Ordered ? i : got.FindIndex(g => g.Labels.Equals(labels));
            if (place < 0 || !got[place].Labels.Equals(labels) || !Same(values[0].Value!.Value, got[place].Value))
                return $"expected {labels} {values[0].Value}, gave {string.Join("; ", got.Select(g => $"{g.Labels} {g.Value}"))}";
        }
        return null;
    }

    private static string? CheckRange(Case test, IReadOnlyList<RangeSeries> got, long from, long step)
    {
        if (got.Count != test.Expected.Count(e => e.Values.Exists(v => v.Value is not null)))
            return $"gave {got.Count} series, expected {test.Expected.Count}: "
                + $"{string.Join("; ", got.Select(g => $"{g.Labels} {string.Join(' ', g.Values)}"))}";
        foreach ((Labels labels, List<NotedValue> values) in test.Expected)
        {
            if (!values.Exists(v => v.Value is not null))
                continue;
            RangeSeries? series = got.FirstOrDefault(g => g.Labels.Equals(labels));
            if (series is null)
                return $"no series {labels} in {string.Join("; ", got.Select(g => g.Labels))}";
            var expected = values.Select((v, i) => (Time: from + (i * step), v.Value)).Where(v => v.Value is not null).ToList();
            bool same = expected.Count == series.Times.Length;
            for (int i = 0; same && i < expected.Count; i++)
                same = expected[i].Time == series.Times[i] && Same(expected[i].Value!.Value, series.Values[i]);
            if (!same)
                return $"{labels}: gave {string.Join(' ', series.Times.Zip(series.Values, (t, v) => $"{t / 1000.0}:{v}"))}\n    expected "
                    + $"{string.Join(' ', expected.Select(e => $"{e.Time / 1000.0}:{e.Value}"))}";
        }
        return null;
    }

    private static bool Same(double expected, double actual)
    {
        if (double.IsNaN(expected) || double.IsNaN(actual))
            return double.IsNaN(expected) && double.IsNaN(actual);
        if (expected == actual)
            return true;
        double sum = Math.Abs(expected) + Math.Abs(actual);
        return Math.Abs(expected - actual) / Math.Min(sum, double.MaxValue) < Tolerance;
    }

    private static long Milliseconds(string text)
    {
        bool negative = text.StartsWith('-');
        string bare = text.TrimStart('-', '+');
        long milliseconds = double.TryParse(bare, NumberStyles.Float, CultureInfo.InvariantCulture, out double seconds)
            ? (long)Math.Round(seconds * 1000)
            : (long)Duration.Parse(bare).TotalMilliseconds;
        return negative ? -milliseconds : milliseconds;
    }

    [GeneratedRegex(@"^eval(?<mode>_fail|_warn|_ordered|_info)?\s+(?:instant\s+at\s+(?<at>\S+)|range\s+from\s+(?<from>\S+)\s+to\s+(?<to>\S+)\s+step\s+(?<step>\S+))\s+(?<expr>.+)$")]
    private static partial Regex EvalLine();

    [GeneratedRegex(@"^expect\s+(?<kind>\w+)(?:\s+(?<how>msg|regex)\s*:)?(?<text>.*)$")]
    private static partial Regex ExpectLine();

    [GeneratedRegex(@"^expected_fail_(?<how>message|regexp)(?<text>.*)$")]
    private static partial Regex OldFailLine();

    [GeneratedRegex(@"^expect range vector from (\S+) to (\S+) step (\S+)$")]
    private static partial Regex ExpectRange();
}
