using Metrics.Model;
using Metrics.Storage.State;
using Microsoft.EntityFrameworkCore;

namespace Metrics.Alerting;

/// <summary>When rules fired, out of the trails.</summary>
internal sealed class RuleHistory(StateStore state, HistoryWriter writer)
{
    /// <summary>By rule's key, milliseconds since 1970 UTC; rules that did not fire within the trails' time are not there.</summary>
    public IReadOnlyDictionary<RuleId, long> LastFired()
    {
        writer.Flush();
        using StateDb db = state.Open();
        return db.Trail.AsNoTracking().Where(t => t.What == "firing" && t.Ref != null).GroupBy(t => t.Ref!).Select(g => new { g.Key, At = g.Max(t => t.At) }).ToList().ToDictionary(g => RuleId.Parse(g.Key), g => g.At);
    }
}
