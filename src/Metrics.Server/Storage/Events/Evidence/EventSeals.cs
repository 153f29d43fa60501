using System.Globalization;
using Metrics.Model;
using Metrics.Storage.State;
using Microsoft.EntityFrameworkCore;

namespace Metrics.Storage.Events.Evidence;

/// <summary>
/// The seals, and what of them is in the audit, in the state's database: whoever alters the event log's file does not have them at hand.
/// </summary>
internal sealed class EventSeals(StateStore state, TimeProvider time)
{
    /// <summary>The word in the audit for a seal; the text ends with its head.</summary>
    public const string Sealed = "sealed";

    /// <summary>The word in the audit for what goes for age or size; the text ends with its last event.</summary>
    public const string Expired = "expired";

    /// <summary>Seals of expired tables that are kept.</summary>
    public const int MaxExpired = 1_000;

    private const string Who = "metricsd";

    /// <summary>The seals that are kept, as this process knows them; null before the first look.</summary>
    private IReadOnlyList<EventSeal>? _known;

    private readonly Lock _expiring = new();

    private long _lastExpired;

    /// <summary>The newest event that the audit calls gone, as this process knows it; less than the other until it is written.</summary>
    private long _lastNoted;

    /// <summary>The newest event that went for age or size, as this process knows it; 0 where none did.</summary>
    public long LastExpired => Volatile.Read(ref _lastExpired);

    /// <summary>
    /// The seals, in the order of the chain, for who adds to them: from now on they are written again when the state's database is made
    /// anew of a damaged one.
    /// </summary>
    /// <exception cref="StateUnavailableException">They cannot be read now.</exception>
    public async Task<IReadOnlyList<EventSeal>> OpenAsync()
    {
        if (Volatile.Read(ref _known) is { } known)
            return known;
        await ReadLastExpiredAsync();
        // Several may ask at once: nobody adds to them before all have the same.
        if (Interlocked.CompareExchange(ref _known, await LoadAsync(), null) is { } first)
            return first;
        state.Rebuilt += SaveAll;
        return Volatile.Read(ref _known)!;
    }

    /// <summary>All of them, as they are in the database.</summary>
    /// <exception cref="StateUnavailableException">They cannot be read now.</exception>
    public async Task<List<EventSeal>> LoadAsync()
    {
        List<SealRow> rows = await state.ReadAsync(db => db.Seals.AsNoTracking().OrderBy(s => s.FirstId).ToList());
        return state.Decode(rows, r => new EventSeal(
            r.Table, r.FirstId, r.LastId, r.Count, r.Hash, EventSeal.ReadParts(r.Parts), r.Before, r.SealedAt));
    }

    /// <summary>The heads that the audit has, the oldest first.</summary>
    /// <exception cref="StateUnavailableException">They cannot be read now.</exception>
    public async Task<List<string>> HeadsInAuditAsync()
    {
        if (state.IsInMemory)
            throw new StateUnavailableException("The audit cannot be read while the state is kept in memory. Try again later.");
        List<string> texts = await state.ReadAsync(db => db.Audit.AsNoTracking()
            .Where(a => a.What == Sealed).OrderBy(a => a.Id).Select(a => a.Text).ToList());
        return texts.ConvertAll(LastWord);
    }

    /// <summary>Learns from the audit what has gone before this process began.</summary>
    /// <returns><see cref="LastExpired"/>.</returns>
    /// <exception cref="StateUnavailableException">It cannot be read now.</exception>
    public async Task<long> ReadLastExpiredAsync()
    {
        string? text = await state.ReadAsync(db => db.Audit.AsNoTracking()
            .Where(a => a.What == Expired).OrderByDescending(a => a.Id).Select(a => a.Text).FirstOrDefault());
        if (long.TryParse(LastWord(text ?? ""), NumberStyles.None, CultureInfo.InvariantCulture, out long id))
            Raise(id, isNoted: true);
        return LastExpired;
    }

    /// <summary>
    /// Notes in the audit that a table goes, and those before it have gone; once, however often it is tried until it goes. Not one that
    /// goes for age by its name or those behind it, while neither its ids nor its seal are so old: somebody may have put a table there to
    /// make the daemon do it.
    /// </summary>
    /// <param name="next">The table.</param>
    /// <param name="bounds">The bounds for which it goes.</param>
    /// <exception cref="StateUnavailableException">It could not be written in time.</exception>
    public async Task NoteExpiredAsync(ExpiringTable next, EventLogOptions bounds)
    {
        long last = next.Table.LastId;
        if (last <= Volatile.Read(ref _lastNoted) || !(next.IsForSize || await IsOldAsync(next.Table, bounds)))
            return;
        Raise(last, isNoted: false);
        await state.WriteAsync(writer => AddExpired(writer, $"{next.Table.Name}: {next.Reason}", last));
        Raise(last, isNoted: true);
    }

    private async Task<bool> IsOldAsync(EventTable table, EventLogOptions bounds)
    {
        int oldest = bounds.OldestDay(time.GetUtcNow());
        // A day is sealed on the next, and goes when that is the oldest.
        return EventIds.DayOf(table.LastId) < oldest
            || (await OpenAsync()).Any(s => s.IsOf(table) && EventIds.DayOf(EventIds.At(s.SealedAt)) <= oldest);
    }

    /// <summary>Keeps a seal, with its head in the audit; done when it is committed.</summary>
    /// <exception cref="StateUnavailableException">Too much waits to be written.</exception>
    public async Task SaveAsync(EventSeal seal)
    {
        IReadOnlyList<EventSeal> known = await OpenAsync();
        long expired = LastExpired;
        long goneTo = known.Where(s => s.LastId <= expired).SkipLast(MaxExpired).LastOrDefault()?.LastId ?? long.MinValue;
        await state.WriteInTurnAsync(
            writer =>
            {
                writer.Save(RowOf(seal));
                writer.AddAudit(new Timestamp(seal.SealedAt), Who, Sealed, string.Create(
                    CultureInfo.InvariantCulture, $"{seal.Table}: {seal.Count} events; head {seal.Head}"));
                writer.Run(db => db.Seals.Where(s => s.LastId <= goneTo).ExecuteDelete());
            },
            () => Volatile.Write(ref _known, [.. known.Where(s => s.LastId > goneTo), seal]));
    }

    private void SaveAll() => state.Write(writer =>
    {
        foreach (EventSeal seal in Volatile.Read(ref _known)!)
            writer.Save(RowOf(seal));
        if (LastExpired is > 0 and var last)
            AddExpired(writer, "noted again, since the state was made anew", last);
    });

    private void AddExpired(StateWriter writer, string text, long lastId) => writer.AddAudit(
        Timestamp.Of(time.GetUtcNow()), Who, Expired, string.Create(CultureInfo.InvariantCulture, $"{text}; the last id is {lastId}"));

    private void Raise(long last, bool isNoted)
    {
        lock (_expiring)
        {
            _lastExpired = Math.Max(_lastExpired, last);
            _lastNoted = isNoted ? Math.Max(_lastNoted, last) : _lastNoted;
        }
    }

    private static SealRow RowOf(EventSeal seal) => new()
    {
        Table = seal.Table, FirstId = seal.FirstId, LastId = seal.LastId, Count = seal.Count, Hash = seal.Hash, Parts = seal.PartsText,
        Before = seal.Before, SealedAt = seal.SealedAt,
    };

    private static string LastWord(string text) => text.Split(' ')[^1];
}
