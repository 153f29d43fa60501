using System.Globalization;
using Metrics.Alerting;
using Metrics.Api.Identity;
using Metrics.Formats;
using Metrics.Model;
using Metrics.Query;
using Metrics.Query.Engine;
using Metrics.Querying;
using Metrics.Series;
using Metrics.Storage;
using Metrics.Storage.Events;
using Metrics.Storage.State;
using Microsoft.EntityFrameworkCore;

namespace Metrics.Reports;

/// <summary>
/// Makes a report of what the event log, the alerts and the metrics say of a time. A part that cannot be had says why, and the others are
/// there all the same.
/// </summary>
internal sealed class ReportMaker(
    StateStore state, HistoryWriter history, ActiveAlerts alerts, LoginQuestions logins, Head head, QueryService queries, EventLog events)
{
    private const long Nanoseconds = 1_000_000;
    private const int DormantDays = 90;
    private static readonly long s_passwordTime = (long)TimeSpan.FromDays(30).TotalNanoseconds;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    private static readonly PreparedQuery s_left = Parse("openstack_orphan_owner_resources > 0");
    private static readonly PreparedQuery s_orphans = Parse("sum by (instance, kind) (openstack_orphans) > 0");
    private static readonly PreparedQuery s_altered = Parse("max(metricsd_event_log_altered_tables)");

    /// <summary>Makes one.</summary>
    /// <param name="name">What it is called.</param>
    /// <param name="from">From when, nanoseconds since 1970 UTC.</param>
    /// <param name="to">Until when.</param>
    /// <param name="limit">Rows of each of its tables at most.</param>
    /// <param name="ct">Ends it.</param>
    public async Task<SecurityReport> MakeAsync(string name, long from, long to, int limit, CancellationToken ct)
    {
        (string Title, Func<Task<ReportPart[]>> Make)[] parts =
        [
            ("Alerts", () => AlertsAsync(from, to, limit)),
            ("Log-ins that failed", () => FailuresAsync(from, to, limit, ct)),
            ("Passwords to strengthen", () => WeakAsync(to, limit, ct)),
            ("Dormant accounts", () => DormantAsync(to, limit, ct)),
            ("Left behind by deleted owners", () => LeftBehindAsync(to, limit, ct)),
            ("Logs", () => LogsAsync(from, to, limit, ct)),
            ("The record itself", () => RecordAsync(to, ct)),
        ];
        var made = new List<ReportPart>();
        foreach ((string title, Func<Task<ReportPart[]>> make) in parts)
        {
            try
            {
                made.AddRange(await make());
            }
            catch (Exception e) when (e is StoreException or QueryException)
            {
                made.Add(ReportPart.Of(title, $"Not known: {e.Message}"));
            }
        }
        return new SecurityReport(name, from, to, made);
    }

    private async Task<ReportPart[]> AlertsAsync(long from, long to, int limit)
    {
        await history.FlushAsync();
        (long first, long last) = (from / Nanoseconds, to / Nanoseconds);
        var fired = await state.ReadAsync(db => db.AlertSteps.AsNoTracking()
            .Where(s => s.At >= first && s.At < last && s.State == "firing")
            .GroupBy(s => s.RuleName).Select(g => new { Name = g.Key, Times = g.Count(), Of = g.Select(s => s.Alert).Distinct().Count() })
            .ToList());
        Dictionary<string, int> open = alerts.Open.CountBy(a => a.Name).ToDictionary();
        var names = fired.Select(f => (f.Name, f.Times, f.Of, Open: open.GetValueOrDefault(f.Name)))
            .Concat(open.Where(o => fired.TrueForAll(f => f.Name != o.Key)).Select(o => (Name: o.Key, Times: 0, Of: 0, Open: o.Value)))
            .OrderByDescending(a => a.Open).ThenByDescending(a => a.Times).ThenBy(a => a.Name, StringComparer.Ordinal).ToList();
        string note = names.Count == 0 ? "None has fired, and none is open." : "";
        return
        [
            new ReportPart(
                "Alerts", note, ["rule", "times fired", "alerts", "open now"],
                [.. names.Take(limit).Select(a => new[] { a.Name, Number(a.Times), Number(a.Of), Number(a.Open) })], names.Count - limit),
        ];
    }

    private async Task<ReportPart[]> FailuresAsync(long from, long to, int limit, CancellationToken ct)
    {
        FailedLogins failed = await logins.FailuresAsync(from, to, limit, ct);
        string note = failed.Failures == 0
            ? "None at the Identity service was reported."
            : $"{Number(failed.Failures)} at the Identity service" + (failed.IsCut ? "; of more accounts than are counted." : ".");
        return
        [
            new ReportPart(
                "Log-ins that failed", note, ["account", "domain", "failures", "origins", "last", "last that succeeded"],
                [
                    .. failed.Accounts.Select(a => new[]
                        { a.Name, a.Domain, Number(a.Failures), Number(a.Others), Time(a.Last), Time(a.LastSuccess) }),
                ], failed.AccountsInAll - failed.Accounts.Count),
            new ReportPart(
                "Where they came from", failed.Origins.Count == 0 ? "No origin is known." : "",
                ["origin", "failures", "accounts", "last", "last that succeeded"],
                [.. failed.Origins.Select(o => new[] { o.Name, Number(o.Failures), Number(o.Others), Time(o.Last), Time(o.LastSuccess) })],
                failed.OriginsInAll - failed.Origins.Count),
        ];
    }

    private async Task<ReportPart[]> WeakAsync(long to, int limit, CancellationToken ct)
    {
        WeakAccounts weak = await logins.WeakAsync(to - s_passwordTime, to, ct);
        string note = weak.All.Count == 0
            ? "Nothing of the last 30 days speaks against the password of any account." : "By the last 30 days.";
        return
        [
            new ReportPart(
                "Passwords to strengthen", note, ["account", "domain", "why"],
                [
                    .. weak.All.Take(limit).Select(a => new[]
                        { a.Name, a.Count.Domain, string.Join("; ", a.Reasons.Select(r => r.Text)) }),
                ], weak.All.Count - limit),
        ];
    }

    private async Task<ReportPart[]> DormantAsync(long to, int limit, CancellationToken ct)
    {
        LoginHistory seen = await logins.HistoryAsync(to, ct);
        var dormant = DormantAccounts.Of(seen, KeystoneUsers.Of(head, to / Nanoseconds), DormantDays, to);
        string note = dormant.All.Count == 0 ? $"None for {DormantDays} days. {dormant.Note}" : dormant.Note;
        return
        [
            new ReportPart(
                "Dormant accounts", note, ["account", "domain", "state", "why"],
                [.. dormant.All.Take(limit).Select(a => new[] { a.Name, a.Domain, a.State, a.Why })], dormant.All.Count - limit),
        ];
    }

    private async Task<ReportPart[]> LeftBehindAsync(long to, int limit, CancellationToken ct)
    {
        const string Title = "Left behind by deleted owners";
        List<VectorElement> owners = [.. (await AskAsync(s_left, to, ct)).OrderByDescending(o => o.Sample.Value)];
        IReadOnlyList<VectorElement> kinds = await AskAsync(s_orphans, to, ct);
        if (owners.Count == 0 && kinds.Count == 0)
            return [ReportPart.Of(Title, "Nothing.")];
        string note = string.Join(
            ", ", kinds.Select(k => $"{k.Labels["kind"]} {FloatText.Format(k.Sample.Value)} ({k.Labels["instance"]})"));
        return
        [
            new ReportPart(
                Title, note, ["cloud", "owner", "id", "resources"],
                [
                    .. owners.Take(limit).Select(o => new[]
                        { o.Labels["instance"], o.Labels["owner"], o.Labels["id"], FloatText.Format(o.Sample.Value) }),
                ], owners.Count - limit),
        ];
    }

    private async Task<ReportPart[]> LogsAsync(long from, long to, int limit, CancellationToken ct)
    {
        LedgerReport report = await events.LedgerAsync(new LedgerQuery(from, to, ByArrival: true), ct);
        string note = report.IsComplete ? "All lines that were there were read." : "";
        if (report.Unaccounted > 0)
            note = $"{Number(report.Unaccounted)} lines are neither stored nor left out for a reason.";
        return
        [
            new ReportPart(
                "Logs", note, ["input", "file", "why", "bytes", "from", "to"],
                [
                    .. report.Gaps.Take(limit).Select(g => new[]
                        { g.Source, g.Path, g.Reason, Missing(g), Time(g.FromTime), Time(g.ToTime) }),
                ], report.Gaps.Count - limit),
        ];
    }

    private async Task<ReportPart[]> RecordAsync(long to, CancellationToken ct)
    {
        double altered = (await AskAsync(s_altered, to, ct)).Select(a => a.Sample.Value).FirstOrDefault();
        string note = altered > 0
            ? $"{FloatText.Format(altered)} sealed days of the event log are not what they were: metricsd evidence verify."
            : "No sealed day of the event log is known to be altered.";
        return [ReportPart.Of("The record itself", note)];
    }

    private async Task<IReadOnlyList<VectorElement>> AskAsync(PreparedQuery query, long to, CancellationToken ct) =>
        (await queries.InstantAsync(query, to / Nanoseconds, s_patience, ct: ct)).Vector;

    private static PreparedQuery Parse(string text) =>
        PreparedQuery.TryParse(text, out PreparedQuery? query, out QueryError? error)
            ? query! : throw new FormatException(error!.ToString());

    private static string Missing(LedgerGap gap) => gap.Bytes > 0 ? $"{Number(gap.Bytes)}{(gap.IsAtLeast ? " or more" : "")}"
        : gap.Records > 0 ? $"{Number(gap.Records)} lines" : "not known";

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Time(long? time) => time is { } known and > 0 ? ReportRenderer.Time(known) : "";
}
