using System.Text;
using System.Text.Json;
using Metrics.Cli.Charts;
using Metrics.Formats;
using Metrics.Model;

namespace Metrics.Cli;

/// <summary>A series of an answer of the query API.</summary>
/// <param name="Labels">Its labels.</param>
/// <param name="Points">Its points in the order of time.</param>
/// <param name="Texts">Their values as they were sent.</param>
internal sealed record AnswerSeries(Labels Labels, IReadOnlyList<ChartPoint> Points, IReadOnlyList<string> Texts)
{
    /// <summary>Reads an element of a vector or a matrix.</summary>
    public static AnswerSeries Of(JsonElement element)
    {
        JsonElement[] pairs = element.TryGetProperty("value", out JsonElement one)
            ? [one]
            : [.. element.GetProperty("values").EnumerateArray()];
        return new AnswerSeries(QueryText.LabelsOf(element), [.. pairs.Select(PointOf)], [.. pairs.Select(p => p[1].GetString()!)]);
    }

    /// <summary>A pair of seconds and a value.</summary>
    public static ChartPoint PointOf(JsonElement pair)
    {
        double value = FloatText.TryParse(Encoding.UTF8.GetBytes(pair[1].GetString()!), out double number) ? number : double.NaN;
        return new ChartPoint((long)Math.Round(pair[0].GetDouble() * 1000), value);
    }
}
