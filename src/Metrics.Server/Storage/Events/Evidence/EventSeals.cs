using System.Globalization;
using Metrics.Model;
using Metrics.Storage.State;
using Microsoft.EntityFrameworkCore;

namespace Metrics.Storage.Events.Evidence;

/// <summary>The seals, in the state's database: whoever alters the event log's file does not have them at hand.</summary>
internal sealed class EventSeals(StateStore state)
{
    /// <summary>The word in the audit.</summary>
    public const string Sealed = "sealed";

    /// <summary>Seals of expired tables that are kept.</summary>
    private const int MaxExpired = 1_000;

    /// <summary>All of them, in the order of the chain.</summary>
    /// <exception cref="StateUnavailableException">They cannot be read now.</exception>
    public async Task<List<EventSeal>> LoadAsync()
    {
        List<SealRow> rows = await state.ReadAsync(db => db.Seals.AsNoTracking().OrderBy(s => s.FirstId).ToList());
        return state.Decode(rows, r => new EventSeal(
            r.Table, r.Day, r.FirstId, r.LastId, r.Count, r.Hash, EventSeal.ReadParts(r.Parts), r.Before, r.SealedAt));
    }

    /// <summary>The heads that the audit has, the oldest first.</summary>
    /// <param name="since">Since when, milliseconds since 1970 UTC.</param>
    /// <exception cref="StateUnavailableException">They cannot be read now.</exception>
    public async Task<List<string>> HeadsInAuditAsync(long since)
    {
        List<string> texts = await state.ReadAsync(db => db.Audit.AsNoTracking()
            .Where(a => a.What == Sealed && a.At >= since).OrderBy(a => a.Id).Select(a => a.Text).ToList());
        return texts.ConvertAll(t => t.Split(' ')[^1]);
    }

    /// <summary>Keeps a seal, with its head in the audit; done when it is committed.</summary>
    /// <param name="seal">The seal.</param>
    /// <param name="known">Those that are kept already.</param>
    /// <param name="expiredTo">The newest event that went for age or size.</param>
    public Task SaveAsync(EventSeal seal, IReadOnlyList<EventSeal> known, long expiredTo)
    {
        long keptFrom = known.Where(s => s.LastId <= expiredTo).SkipLast(MaxExpired).LastOrDefault()?.LastId ?? long.MinValue;
        return state.WriteInTurnAsync(writer =>
        {
            writer.Save(new SealRow
            {
                Table = seal.Table, Day = seal.Day, FirstId = seal.FirstId, LastId = seal.LastId, Count = seal.Count, Hash = seal.Hash,
                Parts = seal.PartsText, Before = seal.Before, SealedAt = seal.SealedAt,
            });
            writer.AddAudit(new Timestamp(seal.SealedAt), "metricsd", Sealed, string.Create(
                CultureInfo.InvariantCulture, $"{seal.Table}: {seal.Count} events; head {seal.Head}"));
            writer.Run(db => db.Seals.Where(s => s.LastId <= keptFrom).ExecuteDelete());
        });
    }
}
