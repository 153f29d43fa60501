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
            error = $"'{from}' is not a time; write 2026-01-31, 2026-01-31T12:00:00Z, or 7d for seven days ago";
        else if (!TryReadTime(to, now, now, out DateTimeOffset end))
            error = $"'{to}' is not a time; write 2026-01-31, 2026-01-31T12:00:00Z, or 1h for an hour ago";
        else if (end <= start)
            error = "the end of the export lies before its start";
        else
            range = new ExportRange(start, end);
        return error is null;
    }

    private static bool TryReadTime(string? text, DateTimeOffset @default, DateTimeOffset now, out DateTimeOffset time)
    {
        time = @default;
        if (string.IsNullOrEmpty(text))
            return true;
        if (Duration.TryParse(text, out TimeSpan back))
        {
            time = now - back;
            return true;
        }
        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out time);
    }
}
