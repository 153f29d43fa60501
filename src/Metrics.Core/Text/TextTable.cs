namespace Metrics.Text;

/// <summary>A table for people: a line of heads, cells in columns. What others have written into a cell cannot move the cursor.</summary>
/// <param name="heads">Above the columns.</param>
/// <param name="numbers">Those of them that have numbers below, which stand at the right.</param>
public sealed class TextTable(string[] heads, params string[] numbers)
{
    /// <summary>Writes rows of as many cells as there are heads; nothing where there is no row.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="to">Where to.</param>
    public void Write(IReadOnlyList<string[]> rows, TextWriter to)
    {
        if (rows.Count == 0)
            return;
        List<string[]> table = [heads, .. rows.Select(r => Array.ConvertAll(r, PlainText.Line))];
        int[] widths = [.. heads.Select((_, c) => table.Max(r => r[c].Length))];
        foreach (string[] row in table)
        {
            to.WriteLine(string.Join("  ", row.Select(
                (cell, c) => numbers.Contains(heads[c]) ? cell.PadLeft(widths[c]) : cell.PadRight(widths[c]))).TrimEnd());
        }
    }
}
