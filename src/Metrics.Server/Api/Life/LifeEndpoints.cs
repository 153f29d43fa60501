using Metrics.Access;
using Metrics.Storage;
using Metrics.Storage.State;
using Metrics.Telemetry;

namespace Metrics.Api.Life;

/// <summary>Signs of life.</summary>
internal static class LifeEndpoints
{
    /// <summary>Load balancers ask by HEAD.</summary>
    private static readonly string[] s_methods = ["GET", "HEAD"];

    private static readonly string[] s_store = ["store"];
    private static readonly string[] s_state = ["state file"];

    public static void MapLife(this WebApplication app)
    {
        app.MapMethods("/-/healthy", s_methods, () => "metricsd is healthy.\n").Anyone();
        app.MapMethods("/-/ready", s_methods, (Delegate)Ready).Anyone();
        // Where senders that know Loki look first.
        app.MapMethods("/ready", s_methods, (Delegate)Ready).Anyone();
    }

    private static string Ready(MetricRegistry registry, StoreWriter store, StateStore state, TimeProvider time) =>
        Said(
        [
            .. registry.Faults.Failing(time).Select(f => f.Room), .. store.IsUp ? [] : s_store, .. state.IsInMemory ? s_state : [],
        ])
        + Damaged(registry.Damages.All);

    /// <summary>Who asks without a token sees what is failing, and not why.</summary>
    private static string Said(IReadOnlyList<string> failing) => failing.Count == 0
        ? "metricsd is ready.\n"
        : $"metricsd is ready, but failing in part: {string.Join(", ", failing)}. See its log.\n";

    private static string Damaged(IReadOnlyList<(string File, string Text)> damages) => damages.Count == 0
        ? ""
        : $"Damage was found in {string.Join(", ", damages.Select(d => d.File).Distinct())}. See its log.\n";
}
