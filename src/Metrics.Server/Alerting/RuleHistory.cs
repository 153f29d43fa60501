using Metrics.Model;
using Metrics.Storage.State;
using Microsoft.EntityFrameworkCore;

namespace Metrics.Alerting;

/// <summary>When rules fired last.</summary>
internal sealed class RuleHistory(StateStore state, HistoryWriter writer)
{
    /// <summary>By rule; rules that did not fire within the history's time are not there.</summary>
    public async Task<IReadOnlyDictionary<RuleId, Timestamp>> LastFiredAsync()
    {
        await writer.FlushAsync();
        return await state.ReadAsync(
            db => db.RuleFirings.AsNoTracking().ToDictionary(f => RuleId.Parse(f.Rule), f => new Timestamp(f.FiredAt)));
    }
}
