namespace Metrics.Formats.LineProtocol;

/// <summary>The unit of the timestamps in a body of line protocol.</summary>
public enum Precision
{
    /// <summary>1 ns; what a request without <c>precision</c> means.</summary>
    Nanoseconds,

    /// <summary>1 µs</summary>
    Microseconds,

    /// <summary>1 ms</summary>
    Milliseconds,

    /// <summary>1 s</summary>
    Seconds,

    /// <summary>1 min (InfluxDB 1 only)</summary>
    Minutes,

    /// <summary>1 h (InfluxDB 1 only)</summary>
    Hours,
}

/// <summary>Reading precisions and times.</summary>
public static class PrecisionText
{
    /// <summary>Reads the <c>precision</c> of a write request: <c>n ns u us ms s m h</c>; empty or absent is nanoseconds.</summary>
    public static bool TryParse(string? text, out Precision precision)
    {
        precision = text switch
        {
            "u" or "us" or "µ" or "microsecond" => Precision.Microseconds,
            "ms" or "millisecond" => Precision.Milliseconds,
            "s" or "second" => Precision.Seconds,
            "m" => Precision.Minutes,
            "h" => Precision.Hours,
            _ => Precision.Nanoseconds,
        };
        return precision != Precision.Nanoseconds || text is null or "" or "n" or "ns" or "nanosecond";
    }

    /// <summary>Nanoseconds in one unit.</summary>
    public static long Nanoseconds(this Precision precision) => precision switch
    {
        Precision.Microseconds => 1_000,
        Precision.Milliseconds => 1_000_000,
        Precision.Seconds => 1_000_000_000,
        Precision.Minutes => 60_000_000_000,
        Precision.Hours => 3_600_000_000_000,
        _ => 1,
    };

    /// <summary>A timestamp in nanoseconds since 1970 UTC; false when it does not fit 64 bits.</summary>
    public static bool TryToNanoseconds(this Precision precision, long timestamp, out long nanoseconds)
    {
        Int128 wide = (Int128)timestamp * precision.Nanoseconds();
        nanoseconds = (long)wide;
        return wide >= long.MinValue && wide <= long.MaxValue;
    }

    /// <summary>A timestamp in milliseconds since 1970 UTC, rounded down.</summary>
    public static long ToMilliseconds(this Precision precision, long timestamp) => precision switch
    {
        Precision.Nanoseconds => FloorDivide(timestamp, 1_000_000),
        Precision.Microseconds => FloorDivide(timestamp, 1_000),
        Precision.Milliseconds => timestamp,
        _ => timestamp * (precision.Nanoseconds() / 1_000_000),
    };

    private static long FloorDivide(long value, long by) => (value - (((value % by) + by) % by)) / by;
}
