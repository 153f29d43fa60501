using System.Text.Json;
using Metrics.Model;

namespace Metrics.Cli;

/// <summary>
/// Writes the answer of a query as CSV: a line a point, first its time, then a column for each label that a series has, last the value
/// as it was sent.
/// </summary>
/// <remarks>RFC 4180, with LF as line end.</remarks>
internal static class QueryCsv
{
    private static readonly System.Buffers.SearchValues<char> s_quoted = System.Buffers.SearchValues.Create(",\"\r\n");

    /// <summary>Writes a result.</summary>
    /// <param name="data">The data of the API's answer.</param>
    /// <param name="to">Where to.</param>
    public static void Write(JsonElement data, TextWriter to)
    {
        JsonElement result = data.GetProperty("result");
        if (data.GetProperty("resultType").GetString() is "scalar" or "string")
        {
            to.Write("time,value\n");
            Line(to, [new Timestamp(AnswerSeries.PointOf(result).At).ToString(), result[1].GetString()!]);
            return;
        }
        List<AnswerSeries> all = [.. result.EnumerateArray().Select(AnswerSeries.Of)];
        string[] names = [.. all.SelectMany(s => s.Labels.Select(l => l.Name)).Distinct().Order(StringComparer.Ordinal)];
        Line(to, ["time", .. names, "value"]);
        foreach (AnswerSeries series in all)
        {
            string[] labels = [.. names.Select(n => series.Labels[n])];
            for (int i = 0; i < series.Points.Count; i++)
                Line(to, [new Timestamp(series.Points[i].At).ToString(), .. labels, series.Texts[i]]);
        }
    }

    private static void Line(TextWriter to, IEnumerable<string> cells)
    {
        to.Write(string.Join(',', cells.Select(Cell)));
        to.Write('\n');
    }

    private static string Cell(string text) =>
        text.AsSpan().ContainsAny(s_quoted) ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;
}
