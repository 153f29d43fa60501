using Metrics.Api.Events;
using Metrics.Model;
using Metrics.Series;
using Metrics.Storage;
using Metrics.Storage.Events;

namespace Metrics.Api.Identity;

/// <summary>Asks the event log about log-ins.</summary>
internal sealed class LoginQuestions(EventLog events, LongQuestions questions)
{
    private const long NanosecondsPerDay = 86_400_000_000_000;

    private static readonly EventQuery s_logins = new()
    {
        Kinds = new HashSet<string> { EventKinds.IdentityAuthenticate, EventKinds.IdentityLockout }, WithoutBody = true,
    };

    private static readonly HashSet<string> s_requests = [EventKinds.HttpRequest];

    private static readonly IReadOnlyList<LabelMatcher> s_tokenGiven =
    [
        new(EventFields.HttpMethod, MatchKind.Equal, "POST"), new(EventFields.HttpStatus, MatchKind.Equal, "201"),
        new(EventFields.Url, MatchKind.Regex, ".*/auth/tokens.*"),
    ];

    /// <summary>Who fails most in a time, nanoseconds since 1970 UTC.</summary>
    /// <exception cref="StoreException">It cannot be read now, or takes too long.</exception>
    public Task<FailedLogins> FailuresAsync(long from, long to, int limit, CancellationToken ct) =>
        questions.AskAsync(async end => (await TallyAsync(from, to, end)).Failures(limit), ct);

    /// <summary>Whose password should be strengthened, as a time shows it, nanoseconds since 1970 UTC.</summary>
    /// <exception cref="StoreException">It cannot be read now, or takes too long.</exception>
    public Task<WeakAccounts> WeakAsync(long from, long to, CancellationToken ct) =>
        questions.AskAsync(async end => (await TallyAsync(from, to, end)).Weak(), ct);

    /// <summary>Who was seen when, in all that is kept.</summary>
    /// <exception cref="StoreException">It cannot be read now, or takes too long.</exception>
    public Task<LoginHistory> HistoryAsync(long now, CancellationToken ct) => questions.AskAsync(async end =>
    {
        LoginTally tally = await TallyAsync(long.MinValue, now, end);
        var tokens = new EventQuery
        {
            Kinds = s_requests, Matchers = s_tokenGiven, From = now - NanosecondsPerDay, To = now, Limit = 1, NewestFirst = true,
        };
        long since = await FirstTimeAsync(new EventQuery { Limit = 1 }, end) ?? now;
        // Access logs are large: they are asked only where the answer matters.
        bool hasAnswers = tally.LacksSuccesses() && await FirstTimeAsync(tokens, end) is not null;
        return tally.History(since, hasAnswers);
    }, ct);

    private async Task<LoginTally> TallyAsync(long from, long to, CancellationToken ct)
    {
        var tally = new LoginTally();
        await foreach (EventBatch batch in events.ReadAsync(s_logins with { From = from, To = to }, ct))
        {
            using (batch)
                tally.Add(batch);
        }
        return tally;
    }

    private async Task<long?> FirstTimeAsync(EventQuery query, CancellationToken ct)
    {
        long? first = null;
        await foreach (EventBatch batch in events.ReadAsync(query, ct))
        {
            using (batch)
                first ??= batch.Count > 0 ? batch.Times[0] : null;
        }
        return first;
    }
}
