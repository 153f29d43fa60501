namespace Metrics.Rules;

/// <summary>
/// A share of a core's time, in milliseconds that may be spent: it grows with the clock up to a bound, is spent by rounds, and may be
/// overdrawn by the last of them, which the next one waits for. Safe for use by several threads.
/// </summary>
/// <param name="share">How much of a core, such as 0.1; 0 is none.</param>
/// <param name="most">How much may be saved, in milliseconds.</param>
internal sealed class ArrivalCredit(double share, double most)
{
    private const double LongestWait = 1e12;
    private const double SavedMilliseconds = 10_000;

    private readonly Lock _lock = new();
    private double _spent;
    private long _at;

    /// <summary>How much may be saved where all groups have a share: as much as it gives in ten seconds.</summary>
    public static double MostSaved(double share) => share * SavedMilliseconds;

    /// <summary>
    /// When there is something to spend: now or later, milliseconds since 1970 UTC; <see cref="long.MaxValue"/> is never.
    /// </summary>
    public long FreeAt(long now)
    {
        if (share <= 0)
            return long.MaxValue;
        lock (_lock)
        {
            Regain(now);
            return _spent <= most ? now : now + (long)Math.Min(Math.Ceiling((_spent - most) / share), LongestWait);
        }
    }

    /// <summary>Spends milliseconds; a negative number gives back what was not needed.</summary>
    public void Spend(double milliseconds, long now)
    {
        lock (_lock)
        {
            Regain(now);
            _spent = Math.Max(0, _spent + milliseconds);
        }
    }

    private void Regain(long now)
    {
        // A clock that was set back gives nothing.
        _spent = Math.Max(0, _spent - (share * Math.Max(0, now - _at)));
        _at = now;
    }
}
