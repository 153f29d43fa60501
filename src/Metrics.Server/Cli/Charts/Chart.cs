using System.Text;
using Metrics.Query;

namespace Metrics.Cli.Charts;

/// <summary>
/// Draws series over time for a terminal. Each has a mark of its own, and a colour where the terminal may have colours; where one has no
/// point, none is drawn.
/// </summary>
/// <param name="screen">What it is shown on.</param>
internal sealed class Chart(Screen screen)
{
    /// <summary>What tells series apart; as many are drawn at most.</summary>
    public const string Marks = "•+×o*#@%";

    private const int LeastRows = 6;
    private const int MostRows = 16;

    /// <summary>Lines of a terminal that are not the chart's own, beside one a series.</summary>
    private const int OtherRows = 6;

    private static readonly int[] s_colours = [36, 33, 35, 32, 34, 31, 96, 93];

    /// <summary>The mark of a series, in its colour.</summary>
    public string Mark(int series) => Coloured(Marks[series].ToString(), series);

    /// <summary>Draws.</summary>
    /// <param name="series">The series, at most as many as there are marks; one of them has a finite value.</param>
    /// <param name="unit">What their values count.</param>
    /// <param name="time">Gives the axis of times for a number of columns.</param>
    /// <param name="step">Distance of two points, milliseconds; between points that lie further apart there is a gap.</param>
    /// <param name="to">Where to.</param>
    public void Draw(IReadOnlyList<ChartSeries> series, ValueUnit unit, Func<int, TimeAxis> time, long step, TextWriter to)
    {
        double[] finite = [.. series.SelectMany(s => s.Points).Select(p => p.Value).Where(double.IsFinite)];
        int rows = Math.Clamp(screen.Height - OtherRows - series.Count, LeastRows, MostRows);
        var values = new ValueAxis(finite.Min(), finite.Max(), unit, rows);
        string?[] labels = values.Labels();
        int margin = labels.Max(l => l?.Length ?? 0);
        TimeAxis times = time(Math.Max(8, screen.Width - margin - 2));
        int[,] cells = Fill(series, values, times, step);
        for (int row = 0; row < rows; row++)
            to.WriteLine($"{(labels[row] ?? "").PadLeft(margin)} {(labels[row] is null ? '│' : '┤')}{Row(cells, row)}".TrimEnd());
        (string line, string texts) = times.Lines();
        to.WriteLine($"{new string(' ', margin)} └{line}");
        to.WriteLine($"{new string(' ', margin)}  {texts}");
    }

    /// <summary>Which series is seen where, from 1 on; the first is above the others.</summary>
    private static int[,] Fill(IReadOnlyList<ChartSeries> series, ValueAxis values, TimeAxis times, long step)
    {
        int[,] cells = new int[values.Rows, times.Columns];
        for (int i = series.Count - 1; i >= 0; i--)
        {
            ChartPoint? before = null;
            foreach (ChartPoint point in series[i].Points)
            {
                if (!double.IsFinite(point.Value))
                {
                    before = null;
                    continue;
                }
                ChartPoint from = before is { } last && point.At - last.At <= step * 3 / 2 ? last : point;
                Line(cells, i + 1, PlaceOf(from), PlaceOf(point));
                before = point;
            }
        }
        return cells;

        (int Column, int Row) PlaceOf(ChartPoint point) => (times.ColumnOf(point.At), values.RowOf(point.Value));
    }

    /// <summary>From one point to the next, without a hole where it is steep.</summary>
    private static void Line(int[,] cells, int mark, (int Column, int Row) from, (int Column, int Row) to)
    {
        int length = Math.Max(1, to.Column - from.Column);
        int last = from.Row;
        for (int column = from.Column; column <= to.Column; column++)
        {
            int row = column == to.Column ? to.Row : from.Row + ((to.Row - from.Row) * (column - from.Column) / length);
            int towards = Math.Sign(row - last);
            for (int at = last + towards; at != row && towards != 0; at += towards)
                cells[at, column] = mark;
            cells[row, column] = mark;
            last = row;
        }
    }

    private string Row(int[,] cells, int row)
    {
        var text = new StringBuilder();
        int columns = cells.GetLength(1);
        for (int column = 0; column < columns;)
        {
            int series = cells[row, column], start = column;
            while (column < columns && cells[row, column] == series)
                column++;
            int length = column - start;
            text.Append(series == 0 ? new string(' ', length) : Coloured(new string(Marks[series - 1], length), series - 1));
        }
        return text.ToString();
    }

    private string Coloured(string text, int series) => screen.HasColour ? $"\e[{s_colours[series]}m{text}\e[0m" : text;
}
