namespace Metrics.Formats.Logs;

/// <summary>What the text of a log does not say of itself. One for each source; <see cref="Now"/> is set as time goes by.</summary>
/// <param name="zone">Where times without zone are from.</param>
public sealed class LogContext(TimeZoneInfo zone)
{
    /// <summary>Where times without zone are from.</summary>
    public TimeZoneInfo Zone => zone;

    /// <summary>Whether it is a log of failures alone: <c>btmp</c>, whose records are those of <c>wtmp</c>.</summary>
    public bool IsFailures { get; init; }

    /// <summary>The present, nanoseconds since 1970 UTC: finds the year where none is written.</summary>
    public long Now { get; set; }
}
