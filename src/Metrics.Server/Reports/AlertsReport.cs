using System.Globalization;
using Metrics.Alerting;
using Metrics.Storage.State;
using Microsoft.EntityFrameworkCore;

namespace Metrics.Reports;

/// <summary>Which alerts fired in the time, and which are open.</summary>
internal sealed class AlertsReport(StateStore state, HistoryWriter history, ActiveAlerts alerts) : ReportSource
{
    public override string Title => "Alerts";

    public override async Task<IReadOnlyList<ReportPart>> MakeAsync(ReportSpan span, CancellationToken ct)
    {
        await history.FlushAsync();
        Dictionary<string, (int Times, int Alerts)> fired = await state.ReadAsync(db => Fired(db, span));
        Dictionary<string, int> open = alerts.Open.CountBy(a => a.Name).ToDictionary();
        var rules = fired.Keys.Union(open.Keys).Select(n => (Name: n, Fired: fired.GetValueOrDefault(n), Open: open.GetValueOrDefault(n)))
            .OrderByDescending(r => r.Open).ThenByDescending(r => r.Fired.Times).ThenBy(r => r.Name, StringComparer.Ordinal).ToList();
        return
        [
            new ReportPart(
                Title, rules.Count == 0 ? "None has fired, and none is open." : "", ["rule", "times fired", "alerts", "open now"],
                [
                    .. rules.Take(span.Limit).Select(r => new[]
                        { r.Name, Number(r.Fired.Times), Number(r.Fired.Alerts), Number(r.Open) }),
                ], rules.Count - span.Limit),
        ];
    }

    /// <summary>From the newest step back, since only ids are in order in the database.</summary>
    private static Dictionary<string, (int Times, int Alerts)> Fired(StateDb db, ReportSpan span)
    {
        (long from, long to) = (span.From / 1_000_000, span.To / 1_000_000);
        return db.AlertSteps.AsNoTracking().OrderByDescending(s => s.Id).Select(s => new { s.At, s.State, s.RuleName, s.Alert })
            .AsEnumerable().TakeWhile(s => s.At >= from).Where(s => s.At < to && s.State == HistoryRows.Firing)
            .GroupBy(s => s.RuleName).ToDictionary(g => g.Key, g => (g.Count(), g.DistinctBy(s => s.Alert).Count()));
    }

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
