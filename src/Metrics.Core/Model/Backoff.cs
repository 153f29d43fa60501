namespace Metrics.Model;

/// <summary>
/// How long to wait after failures in a row: a first pause that grows with each failure up to a longest. Pure: it counts no failures and
/// knows no clock; a success resets it in that its owner's count begins anew.
/// </summary>
/// <param name="First">The pause after the first failure.</param>
/// <param name="Longest">The pause after which it grows no more.</param>
public sealed record Backoff(TimeSpan First, TimeSpan Longest)
{
    /// <summary>How many times as long each pause is as the one before. Default 2; 1 or more.</summary>
    public double Factor { get; init; } = 2;

    /// <summary>How much longer each pause is than the one before, on top of <see cref="Factor"/>. Default none.</summary>
    public TimeSpan Step { get; init; }

    /// <summary>
    /// Share of a pause that is left to chance, 0 to 1, so that many that failed together do not come back together. Default 0: none.
    /// </summary>
    public double Jitter { get; init; }

    /// <summary>The pause after a number of failures in a row.</summary>
    /// <param name="failures">The failures; after none there is no pause.</param>
    /// <param name="chance">A random number from 0 to 1, which moves the pause within <see cref="Jitter"/>; 1 gives the longest.</param>
    public TimeSpan After(int failures, double chance = 1)
    {
        if (failures <= 0)
            return TimeSpan.Zero;
        double grown = (First.Ticks * Math.Pow(Factor, failures - 1)) + (Step.Ticks * (double)(failures - 1));
        double pause = Math.Min(grown, Longest.Ticks);
        return TimeSpan.FromTicks((long)(pause * (1 - (Jitter * (1 - chance)))));
    }
}
