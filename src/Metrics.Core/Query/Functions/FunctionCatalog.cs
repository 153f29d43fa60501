using Metrics.Query.Syntax;

namespace Metrics.Query.Functions;

/// <summary>The signature of a function.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Takes">Types of its arguments; the last one repeats.</param>
/// <param name="Least">Fewest arguments.</param>
/// <param name="Most">Most arguments.</param>
/// <param name="Returns">What it gives.</param>
public sealed record Function(string Name, IReadOnlyList<ExprType> Takes, int Least, int Most, ExprType Returns);

/// <summary>Every function of the language. What it computes stands in the file of its kind.</summary>
/// <remarks>https://prometheus.io/docs/prometheus/latest/querying/functions/</remarks>
public static class FunctionCatalog
{
    private const ExprType S = ExprType.Scalar;
    private const ExprType T = ExprType.String;
    private const ExprType V = ExprType.Vector;
    private const ExprType M = ExprType.Matrix;

    private static readonly Dictionary<string, Function> s_functions = new IEnumerable<Function>[]
    {
        Each(V, [V], "abs", "absent", "acos", "acosh", "asin", "asinh", "atan", "atanh", "ceil", "cos", "cosh", "deg", "exp", "floor", "ln",
            "log10", "log2", "rad", "sgn", "sin",
            "sinh", "sort", "sort_desc", "sqrt", "start_timestamp", "tan", "tanh", "timestamp", "histogram_avg", "histogram_count",
                "histogram_sum", "histogram_stddev", "histogram_stdvar"),
        Each(V, [M], "absent_over_time", "avg_over_time", "changes", "count_over_time", "delta", "deriv", "first_over_time", "idelta",
            "increase", "irate", "last_over_time",
            "mad_over_time", "max_over_time", "min_over_time", "present_over_time", "rate", "resets", "stddev_over_time",
                "stdvar_over_time", "sum_over_time",
            "ts_of_first_over_time", "ts_of_last_over_time", "ts_of_max_over_time", "ts_of_min_over_time"),
        Each(S, [], "end", "pi", "range", "start", "step", "time"),
        Each(S, [S, S], "max_of", "min_of"),
        Each(V, [V, S], "clamp_max", "clamp_min"),
        Each(V, [M, S, S], "double_exponential_smoothing", "holt_winters"),
        [
            new("clamp", [V, S, S], 3, 3, V),
            new("histogram_fraction", [S, S, V], 3, 3, V),
            new("histogram_quantile", [S, V], 2, 2, V),
            new("histogram_quantiles", [V, T, S], 3, 12, V),
            new("info", [V, V], 1, 2, V),
            new("label_join", [V, T, T, T], 3, int.MaxValue, V),
            new("label_replace", [V, T, T, T, T], 5, 5, V),
            new("predict_linear", [M, S], 2, 2, V),
            new("quantile_over_time", [S, M], 2, 2, V),
            new("round", [V, S], 1, 2, V),
            new("scalar", [V], 1, 1, S),
            new("sort_by_label", [V, T], 2, int.MaxValue, V),
            new("sort_by_label_desc", [V, T], 2, int.MaxValue, V),
            new("vector", [S], 1, 1, V),
        ],
        new[] { "day_of_month", "day_of_week", "day_of_year", "days_in_month", "hour", "minute", "month", "year" }.Select(
            n => new Function(n, [V], 0, 1, V)),
    }.SelectMany(f => f).ToDictionary(f => f.Name);

    /// <summary>All functions, by name.</summary>
    public static IEnumerable<Function> All => s_functions.Values.OrderBy(f => f.Name, StringComparer.Ordinal);

    /// <summary>The function of a name, or null.</summary>
    public static Function? Find(string name) => s_functions.GetValueOrDefault(name);

    /// <summary>What a misspelt name may have meant, as the end of an error message.</summary>
    internal static string Suggest(string name)
    {
        string? near =
            s_functions.Keys.FirstOrDefault(
                k => string.Equals(
                k.Replace("_", "", StringComparison.Ordinal), name.Replace("_", "", StringComparison.Ordinal),
                StringComparison.OrdinalIgnoreCase));
        return near is null ? "" : $"; did you mean \"{near}\"?";
    }

    private static IEnumerable<Function> Each(ExprType returns, ExprType[] takes, params string[] names) =>
        names.Select(n => new Function(n, takes, takes.Length, takes.Length, returns));
}
