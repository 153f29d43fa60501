namespace Metrics.Query.Functions;

/// <summary>Quantiles of plain values.</summary>
internal static class Quantiles
{
    /// <summary>The φ-quantile, interpolated between neighbours; sorts the values. NaN values count as the smallest.</summary>
    public static double Of(double q, Span<double> values)
    {
        if (values.IsEmpty || double.IsNaN(q))
            return double.NaN;
        if (q < 0)
            return double.NegativeInfinity;
        if (q > 1)
            return double.PositiveInfinity;
        values.Sort();
        double rank = q * (values.Length - 1);
        int lower = (int)Math.Max(0, Math.Floor(rank));
        int upper = Math.Min(values.Length - 1, lower + 1);
        double weight = rank - Math.Floor(rank);
        return (values[lower] * (1 - weight)) + (values[upper] * weight);
    }

    /// <summary>Whether φ is outside of what makes sense; then the message for it.</summary>
    public static string? Complain(double q) =>
        q is >= 0 and <= 1 ? null : $"quantile value should be between 0 and 1, got {Formats.FloatText.FormatGeneral(q)}";
}
