using System.Globalization;
using System.Text.Json;
using Metrics.Cli.Charts;
using Metrics.Model;
using Metrics.Query;
using Metrics.Text;

namespace Metrics.Cli;

/// <summary>Writes the answer of a query for people: a table, of a range what each series was, in a terminal drawn over time.</summary>
/// <param name="to">Where to.</param>
/// <param name="unitOf">The unit of the numbers of a series; null is as they are sent.</param>
internal sealed class QueryText(TextWriter to, Func<Labels, ValueUnit?> unitOf)
{
    private const int MaxSeries = 200;

    /// <summary>Writes a result.</summary>
    /// <param name="data">The data of the API's answer.</param>
    public void Write(JsonElement data)
    {
        JsonElement result = data.GetProperty("result");
        switch (data.GetProperty("resultType").GetString())
        {
            case "string":
                to.WriteLine(PlainText.Line(result[1].GetString()!));
                break;
            case "scalar":
                to.WriteLine(ShownNumber.Text(AnswerSeries.PointOf(result).Value, unitOf(Labels.Empty)));
                break;
            case "vector":
                WriteTable([.. result.EnumerateArray().Select(AnswerSeries.Of)]);
                break;
            default:
                WriteRange([.. result.EnumerateArray().Select(AnswerSeries.Of)]);
                break;
        }
    }

    /// <summary>Whether a result has numbers at all.</summary>
    /// <param name="data">The data of the API's answer.</param>
    public static bool HasNumbers(JsonElement data)
    {
        JsonElement result = data.GetProperty("result");
        return data.GetProperty("resultType").GetString() switch
        {
            "string" => false,
            "scalar" => double.IsFinite(AnswerSeries.PointOf(result).Value),
            _ => result.EnumerateArray().Select(AnswerSeries.Of).ToList().Exists(s => s.Points.Any(p => double.IsFinite(p.Value))),
        };
    }

    /// <summary>Draws the result of a range; what has no number is only written.</summary>
    /// <param name="data">The data of the API's answer.</param>
    /// <param name="range">The range that was asked for.</param>
    /// <param name="screen">What it is shown on.</param>
    public void Draw(JsonElement data, QueryRange range, Screen screen)
    {
        List<AnswerSeries> all = [.. data.GetProperty("result").EnumerateArray().Select(AnswerSeries.Of)];
        List<AnswerSeries> drawn = [.. all.Where(s => s.Points.Any(p => double.IsFinite(p.Value)))];
        if (drawn.Count > Chart.Marks.Length)
            drawn = [.. drawn.OrderByDescending(s => Finite(s).Max()).Take(Chart.Marks.Length)];
        if (drawn.Count > 0)
            Draw(drawn, range, screen);
        List<AnswerSeries> others = [.. all.Except(drawn)];
        if (drawn.Count > 0 && others.Count > 0)
            to.WriteLine($"Not drawn, since not among the {drawn.Count} that rise highest, or without a number:");
        if (others.Count > 0 || drawn.Count == 0)
            WriteRange(others);
    }

    /// <summary>Writes warnings and notes that came with a result.</summary>
    /// <param name="answer">The API's whole answer.</param>
    /// <param name="to">Where to.</param>
    public static void WriteNotes(JsonElement answer, TextWriter to)
    {
        foreach (string kind in new[] { "warnings", "infos" })
        {
            if (answer.TryGetProperty(kind, out JsonElement notes))
            {
                foreach (JsonElement note in notes.EnumerateArray())
                    to.WriteLine(note.GetString());
            }
        }
    }

    private void Draw(List<AnswerSeries> drawn, QueryRange range, Screen screen)
    {
        var chart = new Chart(screen);
        List<ValueUnit?> units = [.. drawn.Select(s => unitOf(s.Labels)).Distinct()];
        Label[] common = drawn.Count == 1 ? [] : [.. drawn[0].Labels.Where(l => drawn.All(s => s.Labels[l.Name] == l.Value))];
        to.WriteLine($"{(common.Length > 0 ? NameOf(Labels.Of(common)) + "  " : "")}{range.Axis(1).SpanText()}");
        chart.Draw(
            [.. drawn.Select(s => new ChartSeries(s.Points))], units is [{ } one] ? one : ValueUnit.None, range.Axis,
            (long)range.Step.TotalMilliseconds, to);
        string[] names = [.. drawn.Select(s => NameOf(Labels.Of([.. s.Labels.Where(l => !common.Contains(l))])))];
        int widest = names.Max(n => n.Length);
        for (int i = 0; i < drawn.Count; i++)
            to.WriteLine($"{chart.Mark(i)} {names[i].PadRight(widest)}  {Figures(drawn[i])}");
    }

    private void WriteTable(List<AnswerSeries> rows)
    {
        if (rows.Count == 0)
        {
            to.WriteLine("no series");
            return;
        }
        string[] names = [.. rows.Select(r => NameOf(r.Labels))];
        int wide = names.Max(n => n.Length);
        for (int i = 0; i < rows.Count; i++)
            to.WriteLine($"{names[i].PadRight(wide)}  {ValueOf(rows[i], ^1)}");
    }

    private void WriteRange(List<AnswerSeries> all)
    {
        if (all.Count == 0)
            to.WriteLine("no series");
        foreach (AnswerSeries series in all.Take(MaxSeries))
            to.WriteLine($"{NameOf(series.Labels)}  {Figures(series)}");
        if (all.Count > MaxSeries)
            to.WriteLine($"… and {all.Count - MaxSeries} more series");
    }

    private string Figures(AnswerSeries series)
    {
        double[] finite = [.. Finite(series)];
        ValueUnit? unit = unitOf(series.Labels);
        return finite.Length == 0
            ? "no number"
            : $"min {ShownNumber.Text(finite.Min(), unit)}  max {ShownNumber.Text(finite.Max(), unit)}  last {ValueOf(series, ^1)}"
                + string.Create(CultureInfo.InvariantCulture, $"  ({series.Points.Count} points)");
    }

    /// <summary>A value for people, or as it was sent.</summary>
    private string ValueOf(AnswerSeries series, Index at) => unitOf(series.Labels) is { } unit
        ? ShownNumber.Text(series.Points[at].Value, unit)
        : PlainText.Line(series.Texts[at]);

    private static IEnumerable<double> Finite(AnswerSeries series) => series.Points.Select(p => p.Value).Where(double.IsFinite);

    /// <summary>What others wrote into labels must not move the cursor.</summary>
    private static string NameOf(Labels labels) => PlainText.Line(labels.ToString());

    /// <summary>The labels of a series of an answer.</summary>
    /// <exception cref="FormatException">One of them is null.</exception>
    internal static Labels LabelsOf(JsonElement series) => Labels.Of(
    [
        .. series.GetProperty("metric").EnumerateObject()
            .Select(l => new Label(l.Name, l.Value.GetString() ?? throw new FormatException($"the label {l.Name} is null"))),
    ]);
}
