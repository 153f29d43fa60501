using Metrics.Model;

namespace Metrics.Storage.Events;

/// <summary>
/// What the ledger answers. Everything is there where no gap touches the time, the rows of each file join without hole or overlap, and
/// each record is stored or left out for a reason.
/// </summary>
internal sealed class LedgerReport
{
    /// <param name="query">What was asked.</param>
    /// <param name="rows">All rows of the files that it touches, by source, part and place; and which of them it touches.</param>
    /// <param name="gaps">Gaps that it touches.</param>
    /// <param name="said">Records by source that say a time in the hours that are asked for.</param>
    public LedgerReport(
        LedgerQuery query, IReadOnlyList<(LedgerRow Row, bool IsInside)> rows, IReadOnlyList<LedgerGap> gaps,
        IReadOnlyDictionary<string, long> said)
    {
        Query = query;
        Rows = [.. rows.Where(r => r.IsInside).Select(r => r.Row).OrderBy(r => r.Source).ThenBy(r => r.FirstTime).ThenBy(r => r.Begins)];
        Gaps = [.. gaps, .. Unjoined([.. rows.Select(r => r.Row)])];
        Said = said;
    }

    /// <summary>What was asked.</summary>
    public LedgerQuery Query { get; }

    /// <summary>Rows that the question touches: a file and an hour of arrival each, in the order of their first times.</summary>
    public IReadOnlyList<LedgerRow> Rows { get; }

    /// <summary>What is missing.</summary>
    public IReadOnlyList<LedgerGap> Gaps { get; }

    /// <summary>Records by source that say a time in the hours that are asked for.</summary>
    public IReadOnlyDictionary<string, long> Said { get; }

    /// <summary>Records that are neither stored nor left out for a reason.</summary>
    public long Unaccounted => Rows.Sum(r => Math.Abs(r.Unaccounted));

    /// <summary>Whether nothing is missing.</summary>
    public bool IsComplete => Gaps.Count == 0 && Unaccounted == 0;

    /// <summary>Where a file's rows do not join: the ledger itself has then lost something, or counted it twice.</summary>
    private static IEnumerable<LedgerGap> Unjoined(IReadOnlyList<LedgerRow> rows)
    {
        for (int n = 0; n < rows.Count; n++)
        {
            LedgerRow row = rows[n];
            // What has no offsets, such as a stream of messages, has nothing to join.
            if (row.Ends == 0)
                continue;
            if (row.Bytes != row.Ends - row.Begins)
                yield return Hole(row, row.Begins, row.Ends - row.Begins - row.Bytes, row.FirstTime, row.LastTime);
            if (n + 1 < rows.Count && rows[n + 1] is var next && (next.Source, next.Part) == (row.Source, row.Part)
                && next.Begins != row.Ends)
            {
                yield return Hole(row, row.Ends, next.Begins - row.Ends, row.LastTime, next.FirstTime);
            }
        }
    }

    /// <param name="row">Of which file.</param>
    /// <param name="begins">The first byte.</param>
    /// <param name="bytes">How many; less than 0 where they were counted twice.</param>
    /// <param name="from">The time before.</param>
    /// <param name="to">The time after.</param>
    private static LedgerGap Hole(LedgerRow row, long begins, long bytes, long from, long to) => new()
    {
        Source = row.Source, Part = row.Part, Path = row.Path, Inode = row.Inode, Reason = LedgerReasons.Unaccounted, Begins = begins,
        Bytes = bytes, FromTime = from, ToTime = to, FoundAt = row.LastRead,
    };
}
