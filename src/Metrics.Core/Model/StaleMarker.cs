namespace Metrics.Model;

/// <summary>The NaN that says "this series ended here", told from an ordinary NaN by its bits.</summary>
/// <remarks>https://github.com/prometheus/prometheus/blob/main/model/value/value.go</remarks>
public static class StaleMarker
{
    private const long Bits = 0x7ff0000000000002;

    /// <summary>The marker's value.</summary>
    public static readonly double Value = BitConverter.Int64BitsToDouble(Bits);

    /// <summary>Whether a value is the marker; false for every other NaN.</summary>
    public static bool Is(double value) => BitConverter.DoubleToInt64Bits(value) == Bits;
}
