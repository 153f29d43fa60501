using System.Globalization;
using System.Runtime.CompilerServices;
using Metrics.Configuration;
using Metrics.Storage.State;

namespace Metrics.Storage.Events.Evidence;

/// <summary>Whether the event log holds what it held when its days were sealed. One check at a time.</summary>
internal sealed class EvidenceCheck(
    EventLog events, EventSeals seals, Current<EventLogOptions> options, EvidenceMetrics metrics, TimeProvider time) : IDisposable
{
    private readonly SemaphoreSlim _one = new(1, 1);

    /// <summary>Checks day by day, the oldest first.</summary>
    /// <exception cref="StoreException">Another check runs.</exception>
    /// <exception cref="StateUnavailableException">The seals cannot be read now.</exception>
    public async IAsyncEnumerable<CheckedDay> RunAsync([EnumeratorCancellation] CancellationToken ct)
    {
        if (!await _one.WaitAsync(0, ct))
            throw new StoreException("A check of the event log runs already; it can be asked for again when that has ended.");
        try
        {
            int wrong = 0;
            await foreach (CheckedDay day in CheckAsync(ct))
            {
                wrong += day.IsWrong ? 1 : 0;
                yield return day;
            }
            metrics.Altered.Set(wrong);
            metrics.Checked.Set(time.GetUtcNow().ToUnixTimeSeconds());
        }
        finally
        {
            _one.Release();
        }
    }

    public void Dispose() => _one.Dispose();

    private async IAsyncEnumerable<CheckedDay> CheckAsync([EnumeratorCancellation] CancellationToken ct)
    {
        List<EventSeal> all = await seals.LoadAsync();
        DateTimeOffset kept = time.GetUtcNow() - options.Value.Retention;
        int oldest = (int)(kept.ToUnixTimeSeconds() / (24 * 60 * 60));
        // Seals of what expired long ago are given up.
        long since = Math.Max(kept.ToUnixTimeMilliseconds(), all.Count == 0 ? long.MinValue : all.Min(s => s.SealedAt));
        List<string> audited = await seals.HeadsInAuditAsync(since);
        string? before = null;
        foreach (EventSeal seal in all)
        {
            string? broken = before is not null && before != seal.Before ? "its seal does not follow the one before it" : null;
            before = seal.Head;
            yield return seal.LastId <= events.ExpiredTo || seal.Day < oldest
                ? new CheckedDay(seal.Table, DayState.Expired, seal.Count, seal.Head, broken)
                : await CheckAsync(seal, broken, ct);
        }
        foreach (string head in audited.Except(all.Select(s => s.Head)).TakeLast(1))
        {
            yield return new CheckedDay("seals", DayState.Altered, null, head,
                "the audit has a head of the chain that no seal has: a seal was altered or removed");
        }
        foreach (EventTable table in events.Tables.Where(t => all.All(s => s.Table != t.Name)))
        {
            bool isBetween = all.Count > 0 && table.FirstId < all[^1].LastId && table.FirstId > all[0].FirstId;
            yield return isBetween
                ? new CheckedDay(
                    table.Name, DayState.Altered, null, null, "it was not there when others were sealed, or could not be sealed")
                : new CheckedDay(table.Name, DayState.Open, null, null);
        }
    }

    private async Task<CheckedDay> CheckAsync(EventSeal seal, string? broken, CancellationToken ct)
    {
        if (events.Tables.All(t => t.Name != seal.Table))
            return new CheckedDay(seal.Table, DayState.Missing, seal.Count, seal.Head, "it is gone, and not for age or size");
        string? reason;
        try
        {
            reason = broken ?? Difference(seal, await events.HashAsync(seal.Table, seal.Parts, ct));
        }
        catch (StoreException e) when (!ct.IsCancellationRequested)
        {
            // It may have gone for age while it was read.
            if (seal.LastId <= events.ExpiredTo)
                return new CheckedDay(seal.Table, DayState.Expired, seal.Count, seal.Head);
            reason = $"it cannot be read: {e.Message}";
        }
        return new CheckedDay(seal.Table, reason is null ? DayState.Sound : DayState.Altered, seal.Count, seal.Head, reason);
    }

    /// <summary>What is not as it was sealed, for people; null for nothing.</summary>
    private static string? Difference(EventSeal seal, HashedTable now)
    {
        if (now.Fault is null && now.Count == seal.Count && now.Hash == seal.Hash)
            return null;
        string count = now.Count == seal.Count ? ""
            : string.Create(CultureInfo.InvariantCulture, $"{seal.Count} events were sealed and {now.Count} are there; ");
        if (now.Fault is { } fault)
            return count + fault;
        for (int n = 0; n < seal.Parts.Count; n++)
        {
            if (n < now.Parts.Count && now.Parts[n].Hash == seal.Parts[n].Hash)
                continue;
            long from = n == 0 ? seal.FirstId : seal.Parts[n - 1].LastId + 1;
            return string.Create(CultureInfo.InvariantCulture,
                $"{count}the first that differ are among the ids {from} to {seal.Parts[n].LastId}, that came from "
                + $"{EventIds.Show(from)} to {EventIds.Show(seal.Parts[n].LastId)}");
        }
        return count + (now.Parts.Count > seal.Parts.Count ? "events were added behind the last" : "its seal was altered");
    }
}
