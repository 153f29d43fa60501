namespace Metrics.Routing;

/// <summary>A range with both ends in it.</summary>
public readonly record struct InclusiveRange(int First, int Last)
{
    /// <summary>Whether a number lies in it.</summary>
    public bool Contains(int number) => number >= First && number <= Last;
}

/// <summary>
/// A part of the calendar: a moment is in it when it meets each field that is given, a field being met by any of its ranges.
/// </summary>
/// <param name="Times">Minutes of the day, from the first up to but without the last (1440 is midnight).</param>
/// <param name="Weekdays">0 is Sunday.</param>
/// <param name="DaysOfMonth">From 1; negative counts from the month's end, -1 being its last day.</param>
/// <param name="Months">From 1.</param>
/// <param name="Years">As in 2026.</param>
/// <param name="Zone">Whose clocks are meant.</param>
/// <remarks>https://prometheus.io/docs/alerting/latest/configuration/#time_interval_spec</remarks>
public sealed record TimeInterval(
    IReadOnlyList<InclusiveRange> Times, IReadOnlyList<InclusiveRange> Weekdays, IReadOnlyList<InclusiveRange> DaysOfMonth,
    IReadOnlyList<InclusiveRange> Months, IReadOnlyList<InclusiveRange> Years, TimeZoneInfo Zone)
{
    /// <summary>Whether a moment is in it.</summary>
    public bool Contains(DateTimeOffset moment)
    {
        DateTime local = TimeZoneInfo.ConvertTime(moment, Zone).DateTime;
        int minute = (local.Hour * 60) + local.Minute;
        return (Times.Count == 0 || Times.Any(t => minute >= t.First && minute < t.Last))
            && Meets(Weekdays, (int)local.DayOfWeek) && Meets(Months, local.Month) && Meets(Years, local.Year)
            && (DaysOfMonth.Count == 0 || DaysOfMonth.Any(d => ContainsDay(d, local)));
    }

    private static bool Meets(IReadOnlyList<InclusiveRange> ranges, int number) => ranges.Count == 0 || ranges.Any(r => r.Contains(number));

    private static bool ContainsDay(InclusiveRange range, DateTime local)
    {
        int days = DateTime.DaysInMonth(local.Year, local.Month);
        int first = range.First < 0 ? days + range.First + 1 : range.First;
        int last = range.Last < 0 ? days + range.Last + 1 : range.Last;
        return local.Day >= Math.Max(first, 1) && local.Day <= Math.Min(last, days);
    }
}
