using Metrics.Model;

namespace Metrics.Query.Engine;

/// <summary>What stands in a row where a series has no value at a step: the stale marker's bits, which no computation gives.</summary>
internal static class NoValue
{
    public static readonly double Value = StaleMarker.Value;

    public static bool Is(double value) => StaleMarker.Is(value);

    public static bool IsAll(ReadOnlySpan<double> values)
    {
        foreach (double value in values)
        {
            if (!Is(value))
                return false;
        }
        return true;
    }
}
