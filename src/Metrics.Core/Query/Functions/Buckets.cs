namespace Metrics.Query.Functions;

/// <summary>A bucket of a classic histogram.</summary>
/// <param name="UpperBound">Its <c>le</c>.</param>
/// <param name="Count">Observations at or below it.</param>
internal record struct Bucket(double UpperBound, double Count);

/// <summary>Quantiles and fractions of classic histograms, interpolated linearly within a bucket.</summary>
/// <remarks>https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile</remarks>
internal static class Buckets
{
    /// <summary>The φ-quantile, and whether counts that fell had to be made to rise.</summary>
    public static (double Quantile, bool Forced) Quantile(double q, List<Bucket> buckets)
    {
        if (double.IsNaN(q))
            return (double.NaN, false);
        if (q is < 0 or > 1)
            return (q < 0 ? double.NegativeInfinity : double.PositiveInfinity, false);
        if (!TryOrder(buckets))
            return (double.NaN, false);
        bool forced = MakeMonotonic(buckets);
        if (buckets.Count < 2 || buckets[^1].Count == 0)
            return (double.NaN, false);
        double rank = q * buckets[^1].Count;
        int b = 0;
        while (b < buckets.Count - 1 && !(buckets[b].Count >= rank))
            b++;
        if (b == buckets.Count - 1)
            return (buckets[^2].UpperBound, forced);
        if (b == 0 && buckets[0].UpperBound <= 0)
            return (buckets[0].UpperBound, forced);
        double start = 0, end = buckets[b].UpperBound, count = buckets[b].Count;
        if (b > 0)
        {
            start = buckets[b - 1].UpperBound;
            count -= buckets[b - 1].Count;
            rank -= buckets[b - 1].Count;
        }
        return (start + ((end - start) * (rank / count)), forced);
    }

    /// <summary>The share of observations between two values.</summary>
    public static double Fraction(double lower, double upper, List<Bucket> buckets)
    {
        if (!TryOrder(buckets))
            return double.NaN;
        double total = buckets[^1].Count;
        if (total == 0 || double.IsNaN(lower) || double.IsNaN(upper))
            return double.NaN;
        if (lower >= upper)
            return 0;
        return (Rank(upper, buckets, total) - Rank(lower, buckets, total)) / total;
    }

    /// <summary>Observations at or below a value.</summary>
    private static double Rank(double value, List<Bucket> buckets, double total)
    {
        double rank = 0;
        double from = buckets[0].UpperBound <= 0 ? double.NegativeInfinity : 0;
        foreach (Bucket bucket in buckets)
        {
            if (from >= value)
                return Math.Min(rank, total);
            if (bucket.UpperBound > value)
            {
                // A bucket without a lower edge has no inside to interpolate in: all of it counts.
                double within = double.IsInfinity(from) ? 1 : (value - from) / (bucket.UpperBound - from);
                return Math.Min(rank + ((bucket.Count - rank) * within), total);
            }
            rank = bucket.Count;
            from = bucket.UpperBound;
        }
        return total;
    }

    private static bool TryOrder(List<Bucket> buckets)
    {
        buckets.Sort((a, b) => a.UpperBound.CompareTo(b.UpperBound));
        if (buckets.Count == 0 || !double.IsPositiveInfinity(buckets[^1].UpperBound))
            return false;
        for (int i = buckets.Count - 1; i > 0; i--)
        {
            if (buckets[i].UpperBound != buckets[i - 1].UpperBound)
                continue;
            buckets[i - 1] = buckets[i - 1] with { Count = buckets[i - 1].Count + buckets[i].Count };
            buckets.RemoveAt(i);
        }
        return true;
    }

    /// <summary>Counts of higher buckets cannot be lower; differences that are only rounding are evened out without a word.</summary>
    private static bool MakeMonotonic(List<Bucket> buckets)
    {
        bool forced = false;
        double previous = buckets[0].Count;
        for (int i = 1; i < buckets.Count; i++)
        {
            double count = buckets[i].Count;
            if (count == previous)
                continue;
            bool rounding = AlmostEqual(previous, count);
            if (rounding || count < previous)
            {
                buckets[i] = buckets[i] with { Count = previous };
                forced |= !rounding;
                continue;
            }
            previous = count;
        }
        return forced;
    }

    private static bool AlmostEqual(double a, double b)
    {
        const double Tolerance = 1e-12;
        const double SmallestNormal = 2.2250738585072014e-308;
        double sum = Math.Abs(a) + Math.Abs(b);
        double difference = Math.Abs(a - b);
        if (a == 0 || b == 0 || sum < SmallestNormal)
            return difference < Tolerance * SmallestNormal;
        return difference / Math.Min(sum, double.MaxValue) < Tolerance;
    }
}
