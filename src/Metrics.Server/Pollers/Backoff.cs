namespace Metrics.Pollers;

/// <summary>When a failing target is asked again. Pure.</summary>
internal static class Backoff
{
    /// <summary>Longest pause between two tries of a failing target, unless its interval is longer.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);

    /// <summary>The pause after a number of failures in a row: one interval for the first two, then doubling up to <see cref="Longest"/>.</summary>
    public static TimeSpan After(int failures, TimeSpan interval)
    {
        if (failures <= 2)
            return interval;
        TimeSpan max = interval > Longest ? interval : Longest;
        double factor = Math.Pow(2, Math.Min(failures - 2, 16));
        TimeSpan pause = interval * factor;
        return pause < max ? pause : max;
    }
}
