using Metrics.Access;
using Metrics.Storage;
using Metrics.Telemetry;

namespace Metrics.Api.Life;

/// <summary>Signs of life.</summary>
internal static class LifeEndpoints
{
    private static readonly string[] s_store = ["store"];

    public static void MapLife(this WebApplication app)
    {
        app.MapGet("/-/healthy", () => "metricsd is healthy.\n").Anyone();
        app.MapGet("/-/ready", (MetricRegistry registry, StoreWriter store, TimeProvider time) =>
            Ready([.. registry.Faults.Failing(time).Select(f => f.Room), .. store.IsUp ? [] : s_store])
            + Damaged(registry.Damages.All)).Anyone();
    }

    /// <summary>Who asks without a token sees what is failing, and not why.</summary>
    private static string Ready(IReadOnlyList<string> failing) => failing.Count == 0
        ? "metricsd is ready.\n"
        : $"metricsd is ready, but failing in part: {string.Join(", ", failing)}. See its log.\n";

    private static string Damaged(IReadOnlyList<(string File, string Text)> damages) => damages.Count == 0
        ? ""
        : $"Damage was found in {string.Join(", ", damages.Select(d => d.File).Distinct())}. See its log.\n";
}
