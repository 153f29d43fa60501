using Metrics.Formats.EventJson;
using Metrics.Model;
using Metrics.Storage.Events;

namespace Metrics.Api.Events;

/// <summary>The ledger as the API writes it.</summary>
internal static class LedgerJson
{
    private const long NanosecondsAnHour = 3_600_000_000_000;

    /// <param name="report">What the ledger says.</param>
    /// <param name="waiting">What may still come.</param>
    /// <param name="limit">How many rows and gaps are written.</param>
    public static object Of(LedgerReport report, IReadOnlyList<LedgerWait> waiting, int limit) => new
    {
        from = EventTime.Format(report.Query.From),
        to = EventTime.Format(report.Query.To),
        by = report.Query.ByArrival ? "arrival" : "time",
        complete = report.IsComplete && waiting.Count == 0,
        sources = Sources(report),
        rows = report.Rows.Take(limit).Select(Row),
        more = Math.Max(0, report.Rows.Count - limit),
        gaps = report.Gaps.Take(limit).Select(Gap),
        waiting = waiting.Select(w => new { source = w.Source, path = w.Path, bytes = w.Bytes, reason = w.Reason }),
    };

    private static IEnumerable<object> Sources(LedgerReport report) =>
        report.Rows.GroupBy(r => r.Source).Select(g => new
        {
            source = g.Key,
            files = g.Select(r => r.Part).Distinct().Count(),
            bytes = g.Sum(r => r.Bytes),
            lines = g.Sum(r => r.Lines),
            records = g.Sum(r => r.Records),
            stored = g.Sum(r => r.Stored),
            notStored = g.Sum(r => r.LeftOut),
            unaccounted = g.Sum(r => r.Unaccounted),
            cut = g.Sum(r => r.Cut),
            recordsOfHours = report.Said.GetValueOrDefault(g.Key),
            gaps = report.Gaps.Count(gap => gap.Source == g.Key),
        });

    private static object Row(LedgerRow row) => new
    {
        source = row.Source,
        path = row.Path,
        file = row.Part,
        inode = row.Inode,
        arrived = EventTime.Format(row.Hour * NanosecondsAnHour),
        sequence = row.Sequence,
        begins = row.Begins,
        ends = row.Ends,
        bytes = row.Bytes,
        lines = row.Lines,
        records = row.Records,
        stored = row.Stored,
        notStored = row.LeftOut,
        cut = row.Cut,
        longBytes = row.LongBytes,
        nulBytes = row.NulBytes,
        firstTime = Time(row.Records == 0 ? 0 : row.FirstTime),
        lastTime = Time(row.Records == 0 ? 0 : row.LastTime),
        firstRead = Time(row.FirstRead),
        lastRead = Time(row.LastRead),
    };

    private static object Gap(LedgerGap gap) => new
    {
        source = gap.Source,
        path = gap.Path,
        file = gap.Part,
        inode = gap.Inode,
        reason = gap.Reason,
        begins = gap.Begins,
        bytes = gap.Bytes,
        records = gap.Records,
        atLeast = gap.IsAtLeast,
        fromTime = Time(gap.FromTime),
        toTime = Time(gap.ToTime),
        found = Time(gap.FoundAt),
    };

    /// <summary>A time; null where it is not known.</summary>
    private static string? Time(long nanoseconds) => nanoseconds == 0 ? null : EventTime.Format(nanoseconds);
}
