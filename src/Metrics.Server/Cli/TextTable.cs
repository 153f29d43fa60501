using System.Text.Json;

namespace Metrics.Cli;

/// <summary>Rows of texts for people, in columns as wide as what stands in them.</summary>
internal static class TextTable
{
    /// <param name="heads">What stands above the columns.</param>
    /// <param name="rows">As many texts each.</param>
    /// <param name="to">Where to.</param>
    public static void Write(string[] heads, IEnumerable<string[]> rows, TextWriter to)
    {
        List<string[]> all = [heads, .. rows.Select(r => r.Select(EventText.Plain).ToArray())];
        int[] widths = [.. Enumerable.Range(0, heads.Length).Select(c => all.Max(r => r[c].Length))];
        foreach (string[] row in all)
            to.WriteLine(string.Join("  ", row.Select((cell, c) => cell.PadRight(widths[c]))).TrimEnd());
    }

    /// <summary>A member as text; <c>-</c> where it says nothing.</summary>
    public static string Text(JsonElement of, string name) =>
        of.GetProperty(name).ToString() is { Length: > 0 } text ? text : "-";

    /// <summary>A time to the second.</summary>
    public static string Time(JsonElement of, string name) =>
        Text(of, name) is { Length: > 19 } time ? time[..19] + "Z" : "-";
}
