namespace Metrics.Cli.Charts;

/// <summary>Units as the names of metrics and OpenMetrics' <c>UNIT</c> say them.</summary>
/// <remarks>https://prometheus.io/docs/practices/naming/#base-units</remarks>
internal static class MetricUnits
{
    private static readonly string[] s_moments = ["_timestamp_seconds", "_boot_time_seconds", "_start_time_seconds"];

    private static readonly Dictionary<string, ShownUnit> s_units = new()
    {
        ["bytes"] = new(Quantity.Bytes),
        ["seconds"] = new(Quantity.Seconds),
        ["ratio"] = new(Quantity.Ratio),
        ["percent"] = new(Quantity.Named, "%"),
        ["percentage"] = new(Quantity.Named, "%"),
        ["pct"] = new(Quantity.Named, "%"),
        ["celsius"] = new(Quantity.Named, "°C"),
        ["volts"] = new(Quantity.Named, "V"),
        ["amperes"] = new(Quantity.Named, "A"),
        ["watts"] = new(Quantity.Named, "W"),
        ["joules"] = new(Quantity.Named, "J"),
        ["hertz"] = new(Quantity.Named, "Hz"),
        ["rpm"] = new(Quantity.Named, "rpm"),
        ["bits"] = new(Quantity.Named, "bit"),
        ["milliseconds"] = new(Quantity.Named, "ms"),
        ["mb"] = new(Quantity.Named, "MB"),
        ["gb"] = new(Quantity.Named, "GB"),
    };

    /// <summary>The unit that a metric's name ends with, before what says how it is counted.</summary>
    public static ShownUnit OfName(string name)
    {
        // Rules that record write level:metric:operations.
        string[] parts = name.Split(':');
        string metric = parts.Length == 3 ? parts[1] : name;
        bool isRate = parts.Length == 3 && parts[2].StartsWith("rate", StringComparison.Ordinal);
        if (s_moments.Any(metric.EndsWith))
            return new ShownUnit(Quantity.Moment);
        List<string> words = [.. metric.Split('_')];
        bool isPerSecond = words is [.., "per", "second"];
        if (isPerSecond)
            words.RemoveRange(words.Count - 2, 2);
        while (words is [.., "total" or "sum" or "bucket"])
            words.RemoveAt(words.Count - 1);
        return words is [.., { } last] && s_units.TryGetValue(last, out ShownUnit unit)
            ? unit with { IsRate = isRate || isPerSecond }
            : ShownUnit.Unknown;
    }

    /// <summary>The unit that somebody has declared, such as <c>bytes</c>.</summary>
    public static ShownUnit OfWord(string unit) => s_units.GetValueOrDefault(unit, ShownUnit.Unknown);
}
