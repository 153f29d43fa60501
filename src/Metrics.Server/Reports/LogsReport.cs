using System.Globalization;
using Metrics.Api.Events;
using Metrics.Inputs;
using Metrics.Model;
using Metrics.Storage.Events;

namespace Metrics.Reports;

/// <summary>Whether all lines of logs of the time were read.</summary>
internal sealed class LogsReport(EventLog events, InputRunner inputs) : ReportSource
{
    public override string Title => "Logs";

    public override async Task<IReadOnlyList<ReportPart>> MakeAsync(ReportSpan span, CancellationToken ct)
    {
        var query = new LedgerQuery(span.From, span.To);
        // First what may still come: what is stored meanwhile is in the ledger then, and not in neither.
        List<LedgerWait> waiting = LedgerWait.Of(inputs, query);
        LedgerReport ledger = await events.LedgerAsync(query, ct);
        List<string[]> rows =
        [
            .. ledger.Gaps.Select(g => new[]
                { g.Source, g.Path, g.Reason, Missing(g), ReportRenderer.Time(g.FromTime), ReportRenderer.Time(g.ToTime) }),
            .. waiting.Select(w => new[] { w.Source, w.Path, w.Reason, w.Bytes > 0 ? Number(w.Bytes) : "", "", "" }),
        ];
        string note = ledger.Unaccounted > 0 ? $"{Number(ledger.Unaccounted)} lines are neither stored nor left out for a reason."
            : rows.Count > 0 ? ""
            : ledger.Rows.Count == 0 ? "No line of that time was read."
            : "All lines that were there were read.";
        return
        [
            new ReportPart(
                Title, note, ["input", "file", "why", "bytes", "from", "to"], [.. rows.Take(span.Limit)], rows.Count - span.Limit),
        ];
    }

    private static string Missing(LedgerGap gap) => gap.Bytes > 0 ? Number(gap.Bytes) + (gap.IsAtLeast ? " or more" : "")
        : gap.Records > 0 ? $"{Number(gap.Records)} lines"
        : "not known";

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
