using System.Globalization;
using System.Text;

namespace Metrics.Rules.Templates;

/// <summary>A moment, as Go's <c>time.Time</c>.</summary>
/// <param name="at">When.</param>
/// <param name="zone">Where its clock hangs.</param>
internal sealed class GoTime(DateTimeOffset at, TimeZoneInfo zone) : GoObject
{
    private const string Plain = "2006-01-02 15:04:05.999999999 -0700 MST";

    /// <summary>When.</summary>
    public DateTimeOffset At => at;

    public override string Type => "time.Time";

    /// <summary>A moment by the clock of UTC.</summary>
    public static GoTime Utc(DateTimeOffset at) => new(at, TimeZoneInfo.Utc);

    public GoTime In(TimeZoneInfo other) => new(at, other);

    public override string Print() => Format(Plain);

    public string Format(string layout)
    {
        TimeSpan offset = zone.GetUtcOffset(at);
        return GoTimeFormat.Write(layout, Local(offset), offset, GoTimeFormat.Abbreviation(zone, at, offset));
    }

    public override object? Member(string name, List<object?> arguments)
    {
        switch (name)
        {
            case "Format" or "Sub" or "Before" or "After" or "Equal" or "Compare" or "Add" or "Truncate" or "Round":
                Takes(1, name, arguments);
                return OfOne(name, arguments[0]);
            case "AddDate":
                Takes(3, name, arguments);
                int[] parts = [.. arguments.Select(a => (int)GoFunctions.Whole(a))];
                return new GoTime(at.AddYears(parts[0]).AddMonths(parts[1]).AddDays(parts[2]), zone);
            default:
                Takes(0, name, arguments);
                return OfNone(name);
        }
    }

    private object OfOne(string name, object? other) => name switch
    {
        "Format" => Format(GoFunctions.AsText(other)),
        "Add" => new GoTime(at + Span(other), zone),
        "Truncate" => new GoTime(Rounded(Span(other), up: false), zone),
        "Round" => new GoTime(Rounded(Span(other), up: true), zone),
        "Sub" => at - Moment(other),
        "Before" => at < Moment(other),
        "After" => at > Moment(other),
        "Equal" => at == Moment(other),
        _ => (long)at.CompareTo(Moment(other)),
    };

    private object OfNone(string name)
    {
        DateTime local = Local(zone.GetUtcOffset(at));
        return name switch
        {
            "Unix" => at.ToUnixTimeSeconds(),
            "UnixMilli" => at.ToUnixTimeMilliseconds(),
            "UnixMicro" => (at - DateTimeOffset.UnixEpoch).Ticks / 10,
            "UnixNano" => (at - DateTimeOffset.UnixEpoch).Ticks * 100,
            "Year" => (long)local.Year,
            "Month" => new GoName("time.Month", local.Month, CultureInfo.InvariantCulture.DateTimeFormat.GetMonthName(local.Month)),
            "Day" => (long)local.Day,
            "YearDay" => (long)local.DayOfYear,
            "Weekday" => new GoName("time.Weekday", (int)local.DayOfWeek, local.DayOfWeek.ToString()),
            "Hour" => (long)local.Hour,
            "Minute" => (long)local.Minute,
            "Second" => (long)local.Second,
            "Nanosecond" => local.Ticks % TimeSpan.TicksPerSecond * 100,
            "IsZero" => at == DateTimeOffset.MinValue,
            "UTC" => Utc(at),
            "Local" => In(TimeZoneInfo.Local),
            "String" => Print(),
            _ => throw Unknown(name),
        };
    }

    private DateTimeOffset Rounded(TimeSpan step, bool up)
    {
        if (step <= TimeSpan.Zero)
            return at;
        long rest = at.UtcTicks % step.Ticks;
        return at.AddTicks(up && rest * 2 >= step.Ticks ? step.Ticks - rest : -rest);
    }

    private DateTime Local(TimeSpan offset)
    {
        long ticks = Math.Clamp(at.UtcTicks + offset.Ticks, DateTime.MinValue.Ticks, DateTime.MaxValue.Ticks);
        return new DateTime(ticks, DateTimeKind.Unspecified);
    }

    private static TimeSpan Span(object? value) => value switch
    {
        TimeSpan span => span,
        long nanoseconds => TimeSpan.FromTicks(nanoseconds / 100),
        _ => throw new TemplateException($"wrong type for value; expected time.Duration; got {GoFormat.TypeOf(value)}"),
    };

    private static DateTimeOffset Moment(object? value) => value is GoTime other
        ? other.At
        : throw new TemplateException($"wrong type for value; expected time.Time; got {GoFormat.TypeOf(value)}");
}

/// <summary>Go's <c>time.Duration</c>, which is a <see cref="TimeSpan"/> here.</summary>
internal static class GoDuration
{
    public static object Member(TimeSpan span, string name, List<object?> arguments)
    {
        if (name is "Round" or "Truncate" && arguments is [TimeSpan or long])
        {
            long step = arguments[0] is TimeSpan of ? of.Ticks : (long)arguments[0]! / 100;
            if (step <= 0)
                return span;
            long rest = Math.Abs(span.Ticks) % step, whole = Math.Abs(span.Ticks) - rest;
            return TimeSpan.FromTicks(Math.Sign(span.Ticks) * (name == "Round" && rest * 2 >= step ? whole + step : whole));
        }
        if (arguments.Count > 0)
            throw new TemplateException($"wrong number of args for {name}: want 0 got {arguments.Count}");
        return name switch
        {
            "Hours" => span.TotalHours,
            "Minutes" => span.TotalMinutes,
            "Seconds" => span.TotalSeconds,
            "Milliseconds" => span.Ticks / TimeSpan.TicksPerMillisecond,
            "Microseconds" => span.Ticks / TimeSpan.TicksPerMicrosecond,
            "Nanoseconds" => span.Ticks * 100,
            "Abs" => span.Duration(),
            "String" => Print(span),
            _ => throw new TemplateException($"can't evaluate field {name} in type time.Duration"),
        };
    }

    /// <summary>As <c>72h3m0.5s</c>.</summary>
    public static string Print(TimeSpan span)
    {
        if (span == TimeSpan.Zero)
            return "0s";
        string sign = span < TimeSpan.Zero ? "-" : "";
        span = span.Duration();
        if (span < TimeSpan.FromMilliseconds(1))
            return $"{sign}{Number(span.TotalMicroseconds)}µs";
        if (span < TimeSpan.FromSeconds(1))
            return $"{sign}{Number(span.TotalMilliseconds)}ms";
        var text = new StringBuilder(sign);
        long hours = span.Ticks / TimeSpan.TicksPerHour;
        if (hours > 0)
            text.Append(CultureInfo.InvariantCulture, $"{hours}h");
        if (hours > 0 || span.Minutes > 0)
            text.Append(CultureInfo.InvariantCulture, $"{span.Minutes}m");
        return text.Append(Number(span.Ticks % TimeSpan.TicksPerMinute / (double)TimeSpan.TicksPerSecond)).Append('s').ToString();
    }

    private static string Number(double value) => value.ToString("0.#########", CultureInfo.InvariantCulture);
}
