using System.Globalization;
using System.Text;
using System.Text.Json;
using Metrics.Formats;
using Metrics.Model;

namespace Metrics.Cli;

/// <summary>Writes the answer of a query as a table, that of a range with a small chart of each series.</summary>
internal static class QueryText
{
    private const int MaxSeries = 200;

    /// <summary>Writes a result.</summary>
    /// <param name="data">The data of the API's answer.</param>
    /// <param name="to">Where to.</param>
    /// <param name="width">Characters a line for charts; 0 is none.</param>
    public static void Write(JsonElement data, TextWriter to, int width)
    {
        JsonElement result = data.GetProperty("result");
        switch (data.GetProperty("resultType").GetString())
        {
            case "scalar" or "string":
                to.WriteLine(result[1].GetString());
                break;
            case "vector":
                WriteTable(to, [.. result.EnumerateArray().Select(e => (LabelsOf(e).ToString(), e.GetProperty("value")[1].GetString()!))]);
                break;
            default:
                WriteRange(to, result, width);
                break;
        }
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

    private static void WriteTable(TextWriter to, List<(string Series, string Value)> rows)
    {
        if (rows.Count == 0)
        {
            to.WriteLine("no series");
            return;
        }
        int wide = rows.Max(r => r.Series.Length);
        foreach ((string series, string value) in rows)
            to.WriteLine($"{series.PadRight(wide)}  {value}");
    }

    private static void WriteRange(TextWriter to, JsonElement result, int width)
    {
        if (result.GetArrayLength() == 0)
            to.WriteLine("no series");
        foreach (JsonElement series in result.EnumerateArray().Take(MaxSeries))
        {
            double[] values = [.. series.GetProperty("values").EnumerateArray().Select(v => Number(v[1].GetString()!))];
            double[] finite = [.. values.Where(double.IsFinite)];
            string range = finite.Length == 0
                ? "no number"
                : string.Create(CultureInfo.InvariantCulture,
                    $"min {finite.Min():G6}  max {finite.Max():G6}  last {values[^1]:G6}  ({values.Length} points)");
            to.WriteLine($"{LabelsOf(series)}  {range}");
            if (width > 0)
                to.WriteLine($"  {Chart(values, width - 4)}");
        }
        if (result.GetArrayLength() > MaxSeries)
            to.WriteLine($"… and {result.GetArrayLength() - MaxSeries} more series");
    }

    /// <summary>A line of bars between the lowest and the highest value; a gap where there is none.</summary>
    internal static string Chart(double[] values, int width)
    {
        const string Bars = "▁▂▃▄▅▆▇█";
        double[] finite = [.. values.Where(double.IsFinite)];
        if (finite.Length == 0)
            return "";
        (double min, double max) = (finite.Min(), finite.Max());
        int columns = Math.Min(width, values.Length);
        var line = new char[columns];
        for (int c = 0; c < columns; c++)
        {
            double[] cell = [.. values[(c * values.Length / columns)..((c + 1) * values.Length / columns)].Where(double.IsFinite)];
            int height = max == min || cell.Length == 0 ? 0 : (int)Math.Min(7, (cell.Average() - min) / (max - min) * 8);
            line[c] = cell.Length == 0 ? ' ' : Bars[height];
        }
        return new string(line);
    }

    private static double Number(string text) => FloatText.TryParse(Encoding.ASCII.GetBytes(text), out double number) ? number : double.NaN;

    /// <summary>The labels of a series of an answer.</summary>
    /// <exception cref="FormatException">One of them is null.</exception>
    internal static Labels LabelsOf(JsonElement series) => Labels.Of(
    [
        .. series.GetProperty("metric").EnumerateObject()
            .Select(l => new Label(l.Name, l.Value.GetString() ?? throw new FormatException($"the label {l.Name} is null"))),
    ]);
}
