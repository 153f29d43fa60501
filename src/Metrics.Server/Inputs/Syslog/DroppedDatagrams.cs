using Metrics.Model;

namespace Metrics.Inputs.Syslog;

/// <summary>What the kernel has dropped of a socket, as gaps of the ledger: one each ten seconds at most. One thread at a time.</summary>
/// <param name="source">The input.</param>
/// <param name="time">The clock.</param>
internal sealed class DroppedDatagrams(string source, TimeProvider time)
{
    private static readonly TimeSpan s_gather = TimeSpan.FromSeconds(10);

    private long _checkedAt = time.GetUnixNanoseconds();
    private long _since;
    private long _records;
    private long? _lastGap;

    /// <summary>Notes how many were dropped since the last call.</summary>
    /// <param name="count">How many.</param>
    /// <param name="isLast">Whether there is no further call.</param>
    /// <returns>A batch with a gap, or null; whoever gets it disposes it.</returns>
    public EventBatch? Note(uint count, bool isLast = false)
    {
        long now = time.GetUnixNanoseconds();
        if (count > 0 && _records == 0)
            _since = _checkedAt;
        _checkedAt = now;
        _records += count;
        if (_records == 0 || (!isLast && _lastGap is { } last && time.GetElapsedTime(last) < s_gather))
            return null;
        var batch = new EventBatch(source, 1);
        batch.Add(new LedgerGap
        {
            Source = source, Reason = LedgerReasons.KernelDrops, Records = _records, FromTime = _since, ToTime = now, FoundAt = now,
        });
        (_records, _lastGap) = (0, time.GetTimestamp());
        return batch;
    }
}
