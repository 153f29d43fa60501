using System.Globalization;
using Metrics.Access;
using Metrics.Api.Events;
using Metrics.Api.Prometheus;
using Metrics.Formats.EventJson;
using Metrics.Model;
using Metrics.Series;

namespace Metrics.Api.Identity;

/// <summary>
/// Log-ins at the Identity service: <c>GET /api/v1/identity/failures</c> who fails most, <c>GET /api/v1/identity/dormant</c> who does not
/// log in any more, <c>GET /api/v1/identity/weak</c> whose password should be strengthened.
/// </summary>
internal static class IdentityApi
{
    private const int DefaultDays = 90;
    private const int MaxDays = 3650;

    public static void MapIdentity(this WebApplication app)
    {
        const string Failures = "/api/v1/identity/failures", Dormant = "/api/v1/identity/dormant", Weak = "/api/v1/identity/weak";
        app.MapGet(Failures, (HttpContext context, LoginQuestions logins, HttpMetrics metrics, TimeProvider time) =>
            EventAnswers.AnswerAsync(context, metrics, Failures, ct => FailuresAsync(context.Request.Query, logins, time, ct)))
            .For(Role.Viewer);
        app.MapGet(Dormant, (HttpContext context, LoginQuestions logins, Head head, HttpMetrics metrics, TimeProvider time) =>
            EventAnswers.AnswerAsync(context, metrics, Dormant, ct => DormantAsync(context.Request.Query, logins, head, time, ct)))
            .For(Role.Viewer);
        app.MapGet(Weak, (HttpContext context, LoginQuestions logins, HttpMetrics metrics, TimeProvider time) =>
            EventAnswers.AnswerAsync(context, metrics, Weak, ct => WeakAsync(context.Request.Query, logins, time, ct)))
            .For(Role.Viewer);
    }

    private static async Task<object> FailuresAsync(IQueryCollection query, LoginQuestions logins, TimeProvider time, CancellationToken ct)
    {
        (long from, long to) = EventParameters.Range(query, time.GetUtcNow(), TimeSpan.FromDays(1));
        int limit = EventParameters.Limit(query["limit"].FirstOrDefault());
        FailedLogins failed = await logins.FailuresAsync(from, to, limit, ct);
        return new
        {
            from = EventTime.Format(from),
            to = EventTime.Format(to),
            failures = failed.Failures,
            withoutAccount = failed.Unnamed,
            complete = !failed.IsCut,
            accounts = failed.Accounts.Select(f => new
            {
                account = f.Name, domain = f.Domain, id = f.Id, failures = f.Failures, lockouts = f.Lockouts, origins = f.Others,
                hasMoreOrigins = f.HasMoreOthers, first = EventTime.Format(f.First), last = EventTime.Format(f.Last),
                lastSuccess = Time(f.LastSuccess), succeededSince = f.LastSuccess > f.First, reason = f.Reason,
            }),
            moreAccounts = failed.AccountsInAll - failed.Accounts.Count,
            origins = failed.Origins.Select(f => new
            {
                origin = f.Name, failures = f.Failures, lockouts = f.Lockouts, accounts = f.Others, hasMoreAccounts = f.HasMoreOthers,
                first = EventTime.Format(f.First), last = EventTime.Format(f.Last), lastSuccess = Time(f.LastSuccess),
                succeededSince = f.LastSuccess > f.First, reason = f.Reason,
            }),
            moreOrigins = failed.OriginsInAll - failed.Origins.Count,
            behindProxies = failed.Proxies.Select(f => new
            {
                proxy = f.Name, failures = f.Failures, lockouts = f.Lockouts, accounts = f.Others, hasMoreAccounts = f.HasMoreOthers,
                first = EventTime.Format(f.First), last = EventTime.Format(f.Last), reason = f.Reason,
            }),
        };
    }

    private static async Task<object> DormantAsync(
        IQueryCollection query, LoginQuestions logins, Head head, TimeProvider time, CancellationToken ct)
    {
        int days = Days(query["days"].FirstOrDefault());
        int limit = EventParameters.Limit(query["limit"].FirstOrDefault());
        long now = Timestamp.Of(time.GetUtcNow()).ToNanoseconds();
        LoginHistory history = await logins.HistoryAsync(now, ct);
        var dormant = DormantAccounts.Of(history, KeystoneUsers.Of(head, now / 1_000_000), days, now);
        return new
        {
            days,
            successes = dormant.Successes,
            note = dormant.Note,
            complete = !history.IsCut,
            accounts = dormant.All.Take(limit).Select(a => new
            {
                account = a.Name, domain = a.Domain, id = a.Id, state = a.State, inactiveDays = a.InactiveDays,
                lastSuccess = Time(a.LastSuccess), lastFailure = Time(a.LastFailure), why = a.Why,
            }),
            more = Math.Max(0, dormant.All.Count - limit),
        };
    }

    private static async Task<object> WeakAsync(IQueryCollection query, LoginQuestions logins, TimeProvider time, CancellationToken ct)
    {
        (long from, long to) = EventParameters.Range(query, time.GetUtcNow(), TimeSpan.FromDays(30));
        int limit = EventParameters.Limit(query["limit"].FirstOrDefault());
        WeakAccounts weak = await logins.WeakAsync(from, to, ct);
        return new
        {
            from = EventTime.Format(from),
            to = EventTime.Format(to),
            note = weak.Note,
            complete = !weak.IsCut,
            accounts = weak.All.Take(limit).Select(a => new
            {
                account = a.Name, domain = a.Count.Domain, id = a.Id, failures = a.Count.Failures, lockouts = a.Count.Lockouts,
                origins = a.Count.Others, hasMoreOrigins = a.Count.HasMoreOthers, lastFailure = Time(a.Count.LastFailure),
                lastSuccess = Time(a.Count.LastSuccess), reasons = a.Reasons.Select(r => new { reason = r.Word, why = r.Text }),
            }),
            more = Math.Max(0, weak.All.Count - limit),
        };
    }

    private static int Days(string? text)
    {
        if (string.IsNullOrEmpty(text))
            return DefaultDays;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int days) && days is > 0 and <= MaxDays
            ? days
            : throw ApiException.BadParameter("days", $"\"{text}\" is no number from 1 to {MaxDays}");
    }

    private static string? Time(long? nanoseconds) => nanoseconds is { } at ? EventTime.Format(at) : null;
}
