using System.Globalization;

namespace Metrics.Formats.Logs.OpenStack;

/// <summary>How many lines a service writes at most (oslo_log/rate_limit.py).</summary>
/// <param name="Burst">Lines of one interval; 0 is no limit.</param>
/// <param name="Interval">Seconds; where it is 0 or not known, <paramref name="Burst"/> alone says how many.</param>
/// <param name="Except">The level from which on all lines are written, Python's number.</param>
internal sealed record OsloRateLimit(int Burst, int Interval, int Except)
{
    private const string DefaultExcept = "CRITICAL";

    private double Lines => Burst > 0 ? Burst : double.PositiveInfinity;

    private double Rate => Interval > 0 ? Lines / Interval : double.PositiveInfinity;

    /// <summary>Reads the options.</summary>
    /// <param name="burst"><c>rate_limit_burst</c>.</param>
    /// <param name="interval"><c>rate_limit_interval</c>.</param>
    /// <param name="except"><c>rate_limit_except_level</c>; what names no level excepts none.</param>
    public static OsloRateLimit Read(string? burst, string? interval, string? except) =>
        new(Number(burst), Number(interval), OsloLevels.NumberOf(except ?? DefaultExcept) ?? int.MaxValue);

    /// <summary>Why fewer lines are written than with another limit; null where as many are.</summary>
    public string? WhyLessThan(OsloRateLimit before) =>
        Lines < before.Lines || Rate < before.Rate ? "lines beyond a rate are no longer written" : null;

    /// <summary>Why lines of more levels are limited; null where they are not.</summary>
    public string? WhyMoreLevelsThan(OsloRateLimit before) => Burst > 0 && Except > before.Except
        ? $"lines beyond a rate are no longer written from {OsloLevels.NameOf(before.Except)} on either" : null;

    private static int Number(string? value) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : 0;
}
