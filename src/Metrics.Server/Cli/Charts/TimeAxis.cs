using System.Globalization;
using Metrics.Model;

namespace Metrics.Cli.Charts;

/// <summary>The axis of times, in UTC as everywhere.</summary>
/// <param name="from">The moment of the first column.</param>
/// <param name="to">That of the last.</param>
/// <param name="columns">Columns of the chart.</param>
internal sealed class TimeAxis(Timestamp from, Timestamp to, int columns)
{
    private const long Second = 1000, Minute = 60 * Second, Hour = 60 * Minute, Day = 24 * Hour;
    private const int LabelWidth = 8;
    private const int Distance = 3;

    private static readonly long[] s_steps =
    [
        Second, 2 * Second, 5 * Second, 10 * Second, 15 * Second, 30 * Second, Minute, 2 * Minute, 5 * Minute, 10 * Minute, 15 * Minute,
        30 * Minute, Hour, 2 * Hour, 3 * Hour, 6 * Hour, 12 * Hour, Day, 2 * Day, 7 * Day, 14 * Day, 30 * Day,
        91 * Day, 182 * Day, 365 * Day,
    ];

    private readonly long _span = Math.Max(1, to.Milliseconds - from.Milliseconds);

    /// <summary>Columns of the chart.</summary>
    public int Columns => columns;

    /// <summary>The column of a moment.</summary>
    public int ColumnOf(long milliseconds) =>
        (int)Math.Clamp(Math.Round((double)(milliseconds - from.Milliseconds) / _span * (columns - 1)), 0, columns - 1);

    /// <summary>The line of the axis, and that of the texts below it.</summary>
    public (string Line, string Labels) Lines()
    {
        long step = s_steps.FirstOrDefault(s => (double)_span / s * (LabelWidth + Distance) <= columns, 3650 * Day);
        char[] line = new string('─', columns).ToCharArray(), labels = new string(' ', columns).ToCharArray();
        int free = 0;
        for (long at = ((from.Milliseconds + step - 1) / step) * step; at <= to.Milliseconds; at += step)
        {
            int column = ColumnOf(at);
            line[column] = '┬';
            string text = TextOf(at, step);
            int start = Math.Clamp(column - (text.Length / 2), 0, Math.Max(0, columns - text.Length));
            if (start < free || text.Length > columns)
                continue;
            text.CopyTo(0, labels, start, text.Length);
            free = start + text.Length + 1;
        }
        return (new string(line), new string(labels).TrimEnd());
    }

    /// <summary>From when to when, for a head: the day once where it is one.</summary>
    public string SpanText()
    {
        (DateTimeOffset first, DateTimeOffset last) = (from.ToDateTimeOffset(), to.ToDateTimeOffset());
        string end = Text(last, first.UtcDateTime.Date == last.UtcDateTime.Date ? "HH:mm:ss" : "yyyy-MM-dd HH:mm:ss");
        return $"{Text(first, "yyyy-MM-dd HH:mm:ss")} to {end} UTC";
    }

    private string TextOf(long at, long step)
    {
        DateTimeOffset moment = new Timestamp(at).ToDateTimeOffset();
        if (step >= Day || (moment.TimeOfDay == TimeSpan.Zero && _span > 12 * Hour))
            return Text(moment, _span > 300 * Day ? "yyyy-MM-dd" : "MM-dd");
        return Text(moment, step < Minute ? "HH:mm:ss" : "HH:mm");
    }

    private static string Text(DateTimeOffset moment, string form) => moment.UtcDateTime.ToString(form, CultureInfo.InvariantCulture);
}
