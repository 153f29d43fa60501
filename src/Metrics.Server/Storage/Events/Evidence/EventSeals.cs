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

    /// <summary>A day is sealed when it has ended.</summary>
    private static readonly TimeSpan s_sealedAfter = TimeSpan.FromDays(1);

    /// <summary>The seals that are kept, as this process knows them; null before the first look.</summary>
    private IReadOnlyList<EventSeal>? _known;

    private readonly Lock _expiring = new();

    /// <summary>The newest event that went for age or size, as this process knows it.</summary>
    private long _expiredTo;

    /// <summary>
    /// The seals, in the order of the chain, for who adds to them: from now on they are written again when the state's database is made
    /// anew of a damaged one.
    /// </summary>
    /// <exception cref="StateUnavailableException">They cannot be read now.</exception>
    public async Task<IReadOnlyList<EventSeal>> OpenAsync()
    {
        if (Volatile.Read(ref _known) is { } known)
            return known;
        await ExpiredToAsync();
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

    /// <summary>The newest event that went for age or size; 0 where none did.</summary>
    /// <exception cref="StateUnavailableException">It cannot be read now.</exception>
    public async Task<long> ExpiredToAsync()
    {
        string? text = await state.ReadAsync(db => db.Audit.AsNoTracking()
            .Where(a => a.What == Expired).OrderByDescending(a => a.Id).Select(a => a.Text).FirstOrDefault());
        bool isNoted = long.TryParse(LastWord(text ?? ""), NumberStyles.None, CultureInfo.InvariantCulture, out long id);
        return ExpiredTo(isNoted ? id : 0);
    }

    /// <summary>
    /// Notes in the audit that a table goes, and those before it have gone. Not one that goes for age by its name or those behind it, while
    /// neither its ids nor its seal are so old: somebody may have put a table there to make the daemon do it.
    /// </summary>
    /// <param name="next">The table.</param>
    /// <param name="retention">How long is kept now.</param>
    /// <exception cref="StateUnavailableException">It could not be written in time.</exception>
    public async Task NoteExpiredAsync(ExpiringTable next, TimeSpan retention)
    {
        EventTable table = next.Table;
        long oldest = (time.GetUtcNow() - retention).ToUnixTimeMilliseconds();
        bool isOld = EventIds.ToMilliseconds(table.LastId) < oldest
            || (await OpenAsync()).Any(s => s.IsOf(table) && s.SealedAt < oldest + s_sealedAfter.TotalMilliseconds);
        if (!next.IsForSize && !isOld)
            return;
        ExpiredTo(table.LastId);
        await state.WriteAsync(writer => AddExpired(writer, $"{table.Name}: {next.Reason}", table.LastId));
    }

    /// <summary>Keeps a seal, with its head in the audit; done when it is committed.</summary>
    /// <exception cref="StateUnavailableException">Too much waits to be written.</exception>
    public async Task SaveAsync(EventSeal seal)
    {
        IReadOnlyList<EventSeal> known = await OpenAsync();
        long expiredTo = ExpiredTo(0);
        long goneTo = known.Where(s => s.LastId <= expiredTo).SkipLast(MaxExpired).LastOrDefault()?.LastId ?? long.MinValue;
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
        long expiredTo = ExpiredTo(0);
        if (expiredTo > 0)
            AddExpired(writer, "noted again, since the state was made anew", expiredTo);
    });

    private void AddExpired(StateWriter writer, string text, long lastId) => writer.AddAudit(
        Timestamp.Of(time.GetUtcNow()), Who, Expired, string.Create(CultureInfo.InvariantCulture, $"{text}; the last id is {lastId}"));

    private long ExpiredTo(long atLeast)
    {
        lock (_expiring)
            return _expiredTo = Math.Max(_expiredTo, atLeast);
    }

    private static SealRow RowOf(EventSeal seal) => new()
    {
        Table = seal.Table, FirstId = seal.FirstId, LastId = seal.LastId, Count = seal.Count, Hash = seal.Hash, Parts = seal.PartsText,
        Before = seal.Before, SealedAt = seal.SealedAt,
    };

    private static string LastWord(string text) => text.Split(' ')[^1];
}
