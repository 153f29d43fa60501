using System.Runtime.CompilerServices;
using Metrics.Configuration;
using Metrics.Storage.State;

namespace Metrics.Storage.Events.Evidence;

/// <summary>Whether the event log holds what it held when its days were sealed. One check at a time.</summary>
internal sealed class EvidenceCheck(
    EventLog events, EventSeals seals, Current<EventLogOptions> options, EvidenceMetrics metrics, TimeProvider time) : IDisposable
{
    private readonly SemaphoreSlim _one = new(1, 1);
    private volatile CheckProgress? _progress;

    /// <summary>What is read now; null while nothing is.</summary>
    public CheckProgress? Progress => _progress;

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
            bool isWhole = true;
            await foreach (CheckedDay day in CheckAsync(ct))
            {
                wrong += day.IsWrong ? 1 : 0;
                isWhole &= day.State != DayState.Unreadable;
                // What the check before has found holds until this one has seen all.
                metrics.Altered.Set(Math.Max(metrics.Altered.Value, wrong));
                yield return day;
            }
            if (!isWhole)
                yield break;
            metrics.Altered.Set(wrong);
            metrics.Checked.Set(time.GetUtcNow().ToUnixTimeSeconds());
        }
        finally
        {
            _progress = null;
            _one.Release();
        }
    }

    public void Dispose() => _one.Dispose();

    private async IAsyncEnumerable<CheckedDay> CheckAsync([EnumeratorCancellation] CancellationToken ct)
    {
        // The audit first: what is sealed meanwhile is in the seals then.
        List<string> audited = await seals.HeadsInAuditAsync();
        List<EventSeal> all = await seals.LoadAsync();
        // What goes meanwhile this process knows by itself.
        await seals.ReadLastExpiredAsync();
        string? before = null;
        foreach (EventSeal seal in all)
        {
            bool isBroken = before is not null && before != seal.Before;
            before = seal.Head;
            yield return isBroken
                ? new CheckedDay(seal.Table, DayState.Altered, seal.Count, seal.Head, "its seal does not follow the one before it")
                : await CheckAsync(seal, ct);
        }
        if (WrongChain(all, audited) is var (head, reason))
            yield return new CheckedDay("seals", DayState.Altered, null, head, reason);
        foreach (EventTable table in events.Tables.Where(t => !all.Any(s => s.IsOf(t))))
        {
            yield return all.Count > 0 && table.FirstId < all[^1].LastId
                ? new CheckedDay(
                    table.Name, DayState.Altered, null, null, "it was not there when others were sealed, or could not be sealed")
                : new CheckedDay(table.Name, DayState.Open, null, null);
        }
    }

    /// <summary>Whether the chain begins where it began, and has all that the audit has from there on; null for nothing wrong.</summary>
    private (string? Head, string Reason)? WrongChain(List<EventSeal> all, List<string> audited)
    {
        // Seals are given up only before so many of tables that have expired.
        if (all is [var first, ..] && first.Before != EventSeal.NoHead && all.Count(HasExpired) < EventSeals.MaxExpired)
            return (first.Before, "the chain does not begin where it began: the oldest seals were removed");
        IEnumerable<string> since = audited.Skip(all.Count == 0 ? 0 : Math.Max(0, audited.IndexOf(all[0].Head)));
        return since.Except(all.Select(s => s.Head)).LastOrDefault() is { } head
            ? (head, "the audit has a head of the chain that no seal has: a seal was altered or removed")
            : null;
    }

    private async Task<CheckedDay> CheckAsync(EventSeal seal, CancellationToken ct)
    {
        try
        {
            if (events.Tables.Any(seal.IsOf))
            {
                _progress = new CheckProgress(seal.Table, 0);
                HashedTable now = await events.HashAsync(
                    seal.Table, seal.Parts, ct, count => _progress = new CheckProgress(seal.Table, count));
                string? reason = SealDifference.Of(seal, now);
                return new CheckedDay(seal.Table, reason is null ? DayState.Sound : DayState.Altered, seal.Count, seal.Head, reason);
            }
        }
        catch (StoreException e) when (!ct.IsCancellationRequested)
        {
            // It may have gone for age while it was read.
            if (events.Tables.Any(seal.IsOf))
                return new CheckedDay(seal.Table, DayState.Unreadable, seal.Count, seal.Head, e.Message);
        }
        return HasExpired(seal)
            ? new CheckedDay(seal.Table, DayState.Expired, seal.Count, seal.Head)
            : new CheckedDay(seal.Table, DayState.Missing, seal.Count, seal.Head, WhyMissing(seal));
    }

    /// <summary>Whether it may be gone, by its ids, which its head covers, and by the audit; the event log's file is not asked.</summary>
    private bool HasExpired(EventSeal seal) =>
        seal.LastId <= seals.LastExpired || EventIds.DayOf(seal.LastId) < options.Value.OldestDay(time.GetUtcNow());

    /// <summary>A table may go while the audit cannot be written; what the file says of that proves nothing, and helps people.</summary>
    private string WhyMissing(EventSeal seal) => seal.LastId > events.LastExpired
        ? "it is gone, and not for age or size"
        : "it is gone, and the audit does not say why; the event log says that it went for age or size, as who alters it may have written";
}
