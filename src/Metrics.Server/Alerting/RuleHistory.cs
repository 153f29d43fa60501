using Metrics.Model;
using Metrics.Storage.State;
using Microsoft.EntityFrameworkCore;

namespace Metrics.Alerting;

/// <summary>When rules fired last.</summary>
internal sealed class RuleHistory(StateStore state, HistoryWriter writer)
{
    /// <summary>By rule, milliseconds since 1970 UTC; rules that did not fire within the history's time are not there.</summary>
    public IReadOnlyDictionary<RuleId, long> LastFired()
    {
        writer.Flush();
        using StateDb db = state.Open();
        return db.RuleFirings.AsNoTracking().ToDictionary(f => RuleId.Parse(f.Rule), f => f.FiredAt);
    }
}
