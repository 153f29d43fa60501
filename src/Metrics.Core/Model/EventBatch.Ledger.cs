namespace Metrics.Model;

/// <content>What of its sources the batch accounts for.</content>
public sealed partial class EventBatch
{
    /// <summary>What an entry, an hour of it, a gap and a position take in memory beside their texts.</summary>
    private const int BytesPerEntry = 512, BytesPerHour = 64, BytesPerGap = 512, BytesPerPosition = 128;

    private List<SourcePosition>? _positions;
    private List<LedgerEntry>? _ledger;
    private List<LedgerGap>? _gaps;

    /// <summary>Its place among all batches; the event log writes it, 0 before.</summary>
    public long Sequence { get; set; }

    /// <summary>Rows that say what was noticed about a source, and are no records of it.</summary>
    public int Notes { get; private set; }

    /// <summary>Bytes that all this takes in memory beside the rows; a measure for bounds, not exact.</summary>
    public long AccountBytes { get; private set; }

    /// <summary>How far the sources of the rows have been read with them; stored in the same commit, also where there is no row.</summary>
    public IReadOnlyList<SourcePosition> Positions => _positions ?? [];

    /// <summary>What was read of the sources, in the order of the rows; stored in the same commit.</summary>
    public IReadOnlyList<LedgerEntry> Ledger => _ledger ?? [];

    /// <summary>What was found missing of the sources; stored in the same commit.</summary>
    public IReadOnlyList<LedgerGap> Gaps => _gaps ?? [];

    /// <summary>Says that the newest row is a note.</summary>
    public void CountNote() => Notes++;

    /// <summary>Begins to account for something: rows that are added from now on are of it.</summary>
    public void Begin(LedgerEntry entry) => (entry.Row, entry.Notes, entry.Cut) = (Count, Notes, Cuts.Bodies);

    /// <summary>Adds what was begun: rows that were added since are its.</summary>
    public void Add(LedgerEntry entry)
    {
        (entry.Rows, entry.Notes, entry.Cut) = (Count - entry.Row, Notes - entry.Notes, Cuts.Bodies - entry.Cut);
        Put(entry);
    }

    /// <summary>Accounts for all rows as for one part of a source, where that was not done by who has read them.</summary>
    /// <param name="source">The input.</param>
    /// <param name="now">The present, nanoseconds since 1970 UTC.</param>
    public void Account(string source, long now)
    {
        if (Ledger.Count > 0 || Count == Notes)
            return;
        var entry = new LedgerEntry { Source = source, Part = "", ReadAt = now, StreamBytes = Bytes, Lines = Count - Notes };
        // What is noted stands before what was read.
        foreach (long time in Times[Notes..])
            entry.Count(time);
        (entry.Row, entry.Rows, entry.Notes, entry.Cut) = (0, Count, Notes, Cuts.Bodies);
        Put(entry);
    }

    /// <summary>Adds something that is missing of a source.</summary>
    public void Add(LedgerGap gap)
    {
        (_gaps ??= []).Add(gap);
        AccountBytes += BytesPerGap;
    }

    /// <summary>Adds how far a source has been read.</summary>
    public void Add(SourcePosition position)
    {
        (_positions ??= []).Add(position);
        AccountBytes += BytesPerPosition + ((position.State?.Length ?? 0) * (long)sizeof(char));
    }

    private void Put(LedgerEntry entry)
    {
        (_ledger ??= []).Add(entry);
        AccountBytes += BytesPerEntry + (entry.Hours().Count * BytesPerHour);
    }

    /// <summary>Counts what is taken out, before it is.</summary>
    private void KeepInLedger(ReadOnlySpan<bool> keep)
    {
        (int row, int kept) = (0, 0);
        foreach (LedgerEntry entry in Ledger)
        {
            kept += keep[row..entry.Row].Count(true);
            row = entry.Row + entry.Rows;
            int own = keep[entry.Row..row].Count(true);
            entry.LeftOut += entry.Rows - own;
            (entry.Row, entry.Rows) = (kept, own);
            kept += own;
        }
    }
}
