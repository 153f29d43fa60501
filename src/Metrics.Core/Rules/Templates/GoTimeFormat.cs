using System.Globalization;
using System.Text;

namespace Metrics.Rules.Templates;

/// <summary>Writes times by Go's layouts, which show how 2 January 2006, 15:04:05 would be written.</summary>
/// <remarks>https://pkg.go.dev/time#pkg-constants</remarks>
internal static class GoTimeFormat
{
    /// <summary>The longest first where one begins another.</summary>
    private static readonly string[] s_parts =
    [
        "January", "Jan", "Monday", "Mon", "MST", "2006", "Z070000", "Z07:00:00", "Z0700", "Z07:00", "Z07", "-070000", "-07:00:00", "-0700",
        "-07:00", "-07", "002", "01", "02", "03", "04", "05", "06", "15", "__2", "_2", "PM", "pm", "1", "2", "3", "4", "5",
    ];

    public static string Write(string layout, DateTime at, TimeSpan offset, string zone)
    {
        var text = new StringBuilder();
        for (int i = 0; i < layout.Length;)
        {
            if (Fraction(layout, i) is { } digits)
            {
                text.Append(Fraction(layout.AsSpan(i, digits + 1), at));
                i += digits + 1;
                continue;
            }
            string? part = Array.Find(s_parts, p => string.CompareOrdinal(layout, i, p, 0, p.Length) == 0);
            // Words that only begin like a part of a date are words: Janet, Months.
            if (part is "Jan" or "Mon" && i + 3 < layout.Length && char.IsAsciiLetterLower(layout[i + 3]))
                part = null;
            // _2006 is an underscore and a year.
            if (part == "_2" && string.CompareOrdinal(layout, i + 1, "2006", 0, 4) == 0)
                part = null;
            text.Append(part is null ? layout[i].ToString() : Part(part, at, offset, zone));
            i += part?.Length ?? 1;
        }
        return text.ToString();
    }

    /// <summary>The letters by which a place calls its time; where they are not known, the offset as <c>+05</c>.</summary>
    public static string Abbreviation(TimeZoneInfo zone, DateTimeOffset at, TimeSpan offset)
    {
        if (zone.Equals(TimeZoneInfo.Utc) || zone.Id == "UTC")
            return "UTC";
        string name = zone.IsDaylightSavingTime(at) ? zone.DaylightName : zone.StandardName;
        return name.Length is > 1 and < 6 && name.All(char.IsAsciiLetterUpper)
            ? name
            : Offset(offset, offset.Minutes == 0 ? "-07" : "-0700");
    }

    /// <summary>How many digits of a second stand here, or null.</summary>
    private static int? Fraction(string layout, int at)
    {
        if (layout[at] is not ('.' or ',') || at + 1 >= layout.Length || layout[at + 1] is not ('0' or '9'))
            return null;
        int end = at + 1;
        while (end < layout.Length && layout[end] == layout[at + 1])
            end++;
        return end < layout.Length && char.IsAsciiDigit(layout[end]) ? null : end - at - 1;
    }

    private static string Fraction(ReadOnlySpan<char> layout, DateTime at)
    {
        int digits = layout.Length - 1;
        string all = (at.Ticks % TimeSpan.TicksPerSecond * 100).ToString("000000000", CultureInfo.InvariantCulture).PadRight(digits, '0');
        string shown = all[..digits];
        if (layout[1] == '9')
            shown = shown.TrimEnd('0');
        return shown.Length == 0 ? "" : layout[0] + shown;
    }

    private static string Part(string part, DateTime at, TimeSpan offset, string zone) => part switch
    {
        "2006" => Digits(at.Year, 4),
        "06" => Digits(at.Year % 100, 2),
        "January" or "Jan" or "Monday" or "Mon" =>
            at.ToString(part switch { "January" => "MMMM", "Jan" => "MMM", "Monday" => "dddd", _ => "ddd" }, CultureInfo.InvariantCulture),
        "01" => Digits(at.Month, 2),
        "1" => Digits(at.Month, 1),
        "02" => Digits(at.Day, 2),
        "2" => Digits(at.Day, 1),
        "_2" => Digits(at.Day, 1).PadLeft(2),
        "002" => Digits(at.DayOfYear, 3),
        "__2" => Digits(at.DayOfYear, 1).PadLeft(3),
        "15" => Digits(at.Hour, 2),
        "03" => Digits((at.Hour + 11) % 12 + 1, 2),
        "3" => Digits((at.Hour + 11) % 12 + 1, 1),
        "04" => Digits(at.Minute, 2),
        "4" => Digits(at.Minute, 1),
        "05" => Digits(at.Second, 2),
        "5" => Digits(at.Second, 1),
        "PM" => at.Hour < 12 ? "AM" : "PM",
        "pm" => at.Hour < 12 ? "am" : "pm",
        "MST" => zone,
        _ => part[0] == 'Z' && offset == TimeSpan.Zero ? "Z" : Offset(offset, "-" + part[1..]),
    };

    private static string Offset(TimeSpan offset, string part)
    {
        string colon = part.Contains(':', StringComparison.Ordinal) ? ":" : "";
        TimeSpan size = offset.Duration();
        string text = (offset < TimeSpan.Zero ? "-" : "+") + Digits(size.Hours, 2);
        if (part.Length > 3)
            text += colon + Digits(size.Minutes, 2);
        return part.Length > 6 ? text + colon + Digits(size.Seconds, 2) : text;
    }

    private static string Digits(int number, int least) => number.ToString("D" + least, CultureInfo.InvariantCulture);
}
