using System.Globalization;
using Metrics.Api.Identity;
using Metrics.Series;

namespace Metrics.Reports;

/// <summary>Who failed to log in at the Identity service, whose password should be strengthened, and who logs in no more.</summary>
internal sealed class LoginsReport(LoginQuestions logins, Head head) : ReportSource
{
    private const int DormantDays = 90;
    private static readonly long s_passwordTime = (long)TimeSpan.FromDays(30).TotalNanoseconds;

    public override string Title => "Log-ins that failed";

    public override async Task<IReadOnlyList<ReportPart>> MakeAsync(ReportSpan span, CancellationToken ct) =>
    [
        .. Failures(await logins.FailuresAsync(span.From, span.To, span.Limit, ct)),
        Weak(await logins.WeakAsync(span.To - s_passwordTime, span.To, ct), span),
        Dormant(await logins.HistoryAsync(span.Now, ct), span),
    ];

    private IEnumerable<ReportPart> Failures(FailedLogins failed)
    {
        string note = failed.Failures == 0
            ? "None at the Identity service was reported."
            : string.Create(CultureInfo.InvariantCulture, $"{failed.Failures} at the Identity service.");
        yield return new ReportPart(
            Title, failed.IsCut ? $"{note} There were more accounts than are counted." : note,
            ["account", "domain", "failures", "origins", "last", "last that succeeded"],
            [
                .. failed.Accounts.Select(a => new[]
                    { a.Name, a.Domain, Number(a.Failures), Others(a), ReportRenderer.Time(a.Last), ReportRenderer.Time(a.LastSuccess) }),
            ], failed.AccountsInAll - failed.Accounts.Count);
        yield return new ReportPart(
            "Where they came from", NoteOf(failed),
            ["origin", "failures", "accounts", "last", "last that succeeded"],
            [
                .. failed.Origins.Select(o => new[]
                    { o.Name, Number(o.Failures), Others(o), ReportRenderer.Time(o.Last), ReportRenderer.Time(o.LastSuccess) }),
            ], failed.OriginsInAll - failed.Origins.Count);
    }

    private static string NoteOf(FailedLogins failed)
    {
        IEnumerable<string> proxies = failed.Proxies.Select(p => string.Create(
            CultureInfo.InvariantCulture, $"{p.Failures} came from behind the proxy {p.Name}: of whom, it is not known."));
        return string.Join(' ', failed.Origins.Count == 0 ? proxies.Prepend("No origin is known.") : proxies);
    }

    private static ReportPart Weak(WeakAccounts weak, ReportSpan span)
    {
        string note = weak.All.Count == 0
            ? "Nothing of the last 30 days speaks against the password of any account." : "By the last 30 days.";
        if (weak.IsCut)
            note += " There were more accounts than are counted.";
        return new ReportPart(
            "Passwords to strengthen", $"{note} {weak.Note}", ["account", "domain", "why"],
            [.. weak.All.Take(span.Limit).Select(a => new[] { a.Name, a.Count.Domain, string.Join("; ", a.Reasons.Select(r => r.Text)) })],
            weak.All.Count - span.Limit);
    }

    private ReportPart Dormant(LoginHistory seen, ReportSpan span)
    {
        var dormant = DormantAccounts.Of(seen, KeystoneUsers.Of(head, span.Now / 1_000_000), DormantDays, span.Now);
        return new ReportPart(
            "Dormant accounts", dormant.All.Count == 0 ? $"None for {DormantDays} days. {dormant.Note}" : dormant.Note,
            ["account", "domain", "state", "why"],
            [.. dormant.All.Take(span.Limit).Select(a => new[] { a.Name, a.Domain, a.State, a.Why })], dormant.All.Count - span.Limit);
    }

    private static string Others(FailedLogin failed) => Number(failed.Others) + (failed.HasMoreOthers ? "+" : "");

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
