using Metrics.Model;
using Metrics.Rules;
using Metrics.Series;

namespace Metrics.Cli;

/// <summary>
/// The samples of a replay: all that were stored, but for what the replayed rules wrote themselves in that time, which they write anew.
/// </summary>
/// <param name="head">Takes them.</param>
/// <param name="rules">The rules that are replayed.</param>
/// <param name="from">The first moment that is replayed, milliseconds since 1970 UTC.</param>
internal sealed class ReplaySamples(Head head, IReadOnlyList<RuleGroup> rules, long from)
{
    private readonly HashSet<string> _recorded = [.. rules.SelectMany(g => g.Recording).Select(r => r.Name)];
    private readonly HashSet<string> _alerts = [.. rules.SelectMany(g => g.Alerting).Select(r => r.Name)];

    /// <summary>Takes a batch.</summary>
    /// <param name="batch">The samples; those that are left out are removed from it.</param>
    /// <param name="now">A moment to which they are not too new.</param>
    /// <returns>How many are left.</returns>
    public int Add(SampleBatch batch, long now)
    {
        bool[] keep = new bool[batch.Count];
        for (int i = 0; i < keep.Length; i++)
            keep[i] = batch.Times[i] < from || !IsWritten(batch.Series[i]);
        batch.Keep(keep);
        head.Append(batch, now);
        return batch.Count;
    }

    private bool IsWritten(Labels series) =>
        _recorded.Contains(series.Name)
        || (series.Name is AlertSeries.Metric or AlertSeries.ForStateMetric && _alerts.Contains(series["alertname"]));
}
