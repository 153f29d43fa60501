using System.Globalization;
using Metrics.Model;

namespace Metrics.Storage.Samples.DuckDb;

/// <summary>A span of time that somebody asks for.</summary>
internal readonly record struct ExportRange(DateTimeOffset From, DateTimeOffset To)
{
    /// <summary>Reads RFC 3339 times, dates, or durations back from now (<c>7d</c>); the default is the last day.</summary>
    public static bool TryParse(string? from, string? to, DateTimeOffset now, out ExportRange range, out string? error)
    {
        range = default;
        error = null;
        if (!TryReadTime(from, now - TimeSpan.FromDays(1), now, out DateTimeOffset start))
            error = FaultOf(from, "7d for seven days ago");
        else if (!TryReadTime(to, now, now, out DateTimeOffset end))
            error = FaultOf(to, "1h for an hour ago");
        else if (end <= start)
            error = "the end of the export lies before its start";
        else
            range = new ExportRange(start, end);
        return error is null;
    }

    private static string FaultOf(string? text, string example) => Duration.TryParse(text, out _)
        ? $"'{text}' ago is before the year 1"
        : $"'{text}' is not a time; write 2026-01-31, 2026-01-31T12:00:00Z, or {example}";

    private static bool TryReadTime(string? text, DateTimeOffset @default, DateTimeOffset now, out DateTimeOffset time)
    {
        time = @default;
        if (string.IsNullOrEmpty(text))
            return true;
        if (Duration.TryParse(text, out TimeSpan back))
        {
            bool isInTime = back <= now - DateTimeOffset.MinValue;
            time = isInTime ? now - back : @default;
            return isInTime;
        }
        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out time);
    }
}
