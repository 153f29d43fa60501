using Metrics.Model;
using Metrics.Query;

namespace Metrics.Rules;

/// <summary>What rules ask of the world around them; a seam, since the core knows no store, file or calendar.</summary>
public interface IRuleEnvironment
{
    /// <summary>What an expression gave for a series in the same hour of past weeks.</summary>
    /// <exception cref="ArgumentException">It is not known yet; the message says why.</exception>
    Baseline BaselineOf(PreparedQuery expr, Labels series, long at);

    /// <summary>Whether a moment lies in a time interval of the configuration.</summary>
    /// <exception cref="ArgumentException">There is no interval of this name.</exception>
    bool IsWithin(string interval, long at);

    /// <summary>The sets of labels of an inventory file.</summary>
    /// <exception cref="QueryException">It cannot be read.</exception>
    IReadOnlyList<Labels> Inventory(string file);

    /// <summary>Targets that were polled and are no longer listed, by name.</summary>
    ILookup<TargetName, RetiredTarget> Retired { get; }
}

/// <summary>No store, no file, no calendar: for tests of rules.</summary>
public sealed class NoRuleEnvironment : IRuleEnvironment
{
    /// <summary>The one.</summary>
    public static readonly NoRuleEnvironment Instance = new();

    /// <inheritdoc />
    public ILookup<TargetName, RetiredTarget> Retired { get; } = Array.Empty<RetiredTarget>().ToLookup(r => r.Name);

    /// <inheritdoc />
    public Baseline BaselineOf(PreparedQuery expr, Labels series, long at) => Baseline.Empty;

    /// <inheritdoc />
    public bool IsWithin(string interval, long at) => throw new ArgumentException($"no time interval '{interval}' is known here");

    /// <inheritdoc />
    public IReadOnlyList<Labels> Inventory(string file) => throw new QueryException($"the inventory {file} cannot be read here");
}

/// <summary>Values of a series in the same hour of past weeks, the smallest first.</summary>
/// <param name="Values">The values; empty when nothing was stored.</param>
public sealed record Baseline(IReadOnlyList<double> Values)
{
    /// <summary>Nothing was stored.</summary>
    public static readonly Baseline Empty = new([]);

    /// <summary>Their mean; NaN of nothing.</summary>
    public double Mean => Values.Count == 0 ? double.NaN : Values.Average();

    /// <summary>Their standard deviation; NaN of nothing.</summary>
    public double Deviation => Values.Count == 0 ? double.NaN : Math.Sqrt(Values.Average(v => (v - Mean) * (v - Mean)));

    /// <summary>A quantile, as PromQL's <c>quantile_over_time</c> has it; NaN of nothing.</summary>
    public double Quantile(double q)
    {
        if (Values.Count == 0)
            return double.NaN;
        double rank = Math.Clamp(q, 0, 1) * (Values.Count - 1);
        int lower = (int)Math.Floor(rank), upper = Math.Min(lower + 1, Values.Count - 1);
        return Values[lower] + ((Values[upper] - Values[lower]) * (rank - lower));
    }
}
