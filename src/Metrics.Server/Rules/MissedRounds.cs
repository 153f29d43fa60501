namespace Metrics.Rules;

/// <summary>Rounds that did not take place: because the daemon was not running, was stopped for a while, or had too much to do.</summary>
/// <param name="Count">How many.</param>
/// <param name="CaughtUp">The moments of those that are made up for, the oldest first.</param>
internal sealed record MissedRounds(long Count, IReadOnlyList<long> CaughtUp)
{
    /// <summary>How many are made up for at most; the latest ones.</summary>
    public const int MaxCaughtUp = 10;

    /// <summary>Nothing was missed.</summary>
    public static readonly MissedRounds None = new(0, []);

    /// <summary>Counts what was missed.</summary>
    /// <param name="due">When the group was due.</param>
    /// <param name="now">The moment; the round of now is for what was due last.</param>
    /// <param name="interval">The group's interval.</param>
    /// <param name="cost">What a round of it costs: making up for rounds takes at most half an interval, else it would cause what it
    /// mends.</param>
    /// <param name="oldest">Samples before are not at hand.</param>
    public static MissedRounds Of(long due, long now, TimeSpan interval, TimeSpan cost, long oldest)
    {
        long step = (long)interval.TotalMilliseconds;
        long missed = Math.Max(0, (now - due) / step);
        if (missed == 0)
            return None;
        double affordable = cost <= TimeSpan.Zero ? MaxCaughtUp : interval / 2 / cost;
        int count = (int)Math.Min(Math.Min(missed, MaxCaughtUp), affordable);
        IEnumerable<long> latest = Enumerable.Range(0, count).Select(i => due + ((missed - count + i) * step));
        return new MissedRounds(missed, [.. latest.Where(at => at >= oldest)]);
    }
}
