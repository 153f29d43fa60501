namespace Metrics.Storage.Events.About;

/// <summary>A value of events in question by which others are looked for.</summary>
/// <param name="Relation">What it is.</param>
/// <param name="Field">The field in which it was found first.</param>
/// <param name="Value">The value.</param>
/// <param name="Host">The host with which it belongs together; null for none.</param>
internal sealed record FollowedValue(Relation Relation, string Field, string Value, string? Host)
{
    /// <summary>When the events in question had it, nanoseconds since 1970 UTC; in order once all are there.</summary>
    public List<long> Times { get; } = [];

    /// <summary>Events that belong by it.</summary>
    public int Events { get; set; }

    /// <summary>For people.</summary>
    public string Text => Host is null ? $"{Field}={Value}" : $"{Field}={Value} on {Host}";

    /// <summary>How far the closest of its events lies, nanoseconds.</summary>
    public Int128 Distance(long time)
    {
        int at = Times.BinarySearch(time);
        if (at >= 0)
            return 0;
        at = ~at;
        Int128 behind = at < Times.Count ? (Int128)Times[at] - time : Int128.MaxValue;
        return at > 0 ? Int128.Min(behind, (Int128)time - Times[at - 1]) : behind;
    }
}

/// <summary>A value that is not followed, and why.</summary>
/// <param name="Relation">What it is.</param>
/// <param name="Text">The value, for people.</param>
/// <param name="Reason">Why not.</param>
internal sealed record PassedValue(string Relation, string Text, string Reason);
