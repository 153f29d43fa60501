using System.Globalization;

namespace Metrics.Scheduling;

/// <summary>
/// When something recurs: at a place in its interval that depends on its key alone, counted from 1970 on, so that a restart keeps the
/// rhythm and thousands of targets spread over the interval. Pure.
/// </summary>
/// <param name="First">From now to the first run.</param>
/// <param name="Regular">From now to the first run that is in rhythm; the same as <paramref name="First"/> for short intervals.</param>
/// <param name="Interval">From one run in rhythm to the next.</param>
internal readonly record struct Rhythm(TimeSpan First, TimeSpan Regular, TimeSpan Interval)
{
    /// <summary>However long the interval, the first run comes within this: whoever starts the daemon wants to see something.</summary>
    private static readonly TimeSpan s_longestWait = TimeSpan.FromSeconds(15);

    /// <summary>The rhythm of a key.</summary>
    /// <param name="key">What recurs.</param>
    /// <param name="interval">How often.</param>
    /// <param name="now">The time.</param>
    public static Rhythm Of(string key, TimeSpan interval, DateTimeOffset now)
    {
        double share = Share(key);
        TimeSpan place = interval * share;
        TimeSpan since = TimeSpan.FromTicks((now - DateTimeOffset.UnixEpoch).Ticks % interval.Ticks);
        TimeSpan regular = place >= since ? place - since : place - since + interval;
        TimeSpan first = regular <= s_longestWait ? regular : s_longestWait * share;
        return new Rhythm(first, regular, interval);
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"in {First}, then every {Interval}");

    /// <summary>
    /// A number from 0 to 1 that is the same for a key on every machine: FNV-1a, then mixed, since keys that differ in their last letter
    /// only would lie close together.
    /// </summary>
    private static double Share(string key)
    {
        ulong hash = 14695981039346656037;
        foreach (char c in key)
            hash = (hash ^ c) * 1099511628211;
        hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccd;
        hash ^= hash >> 33;
        return (hash >> 11) / (double)(1UL << 53);
    }
}
