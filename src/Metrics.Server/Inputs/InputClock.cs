namespace Metrics.Inputs;

/// <summary>The present, as events have it.</summary>
internal static class InputClock
{
    /// <summary>Nanoseconds since 1970 UTC.</summary>
    public static long GetUnixNanoseconds(this TimeProvider time) =>
        (time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick;
}
