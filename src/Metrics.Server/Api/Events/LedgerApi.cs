using Metrics.Access;
using Metrics.Api.Prometheus;
using Metrics.Inputs;
using Metrics.Storage.Events;

namespace Metrics.Api.Events;

/// <summary>Whether all lines of logs are there: <c>GET /api/v1/logs/ledger</c>.</summary>
internal static class LedgerApi
{
    private const string Path = "/api/v1/logs/ledger";

    /// <summary>Rows that are answered unless <c>limit</c> says another number; what is counted is counted of all.</summary>
    private const int DefaultLimit = 1_000;

    public static void MapLedger(this WebApplication app) => app.MapGet(Path, ReadAsync).For(Role.Viewer);

    private static Task ReadAsync(HttpContext context, EventLog events, InputRunner inputs, HttpMetrics metrics, TimeProvider time) =>
        EventAnswers.AnswerAsync(context, metrics, Path, async ct =>
        {
            LedgerQuery query = Read(context.Request.Query, time.GetUtcNow());
            int limit = EventParameters.Limit(context.Request.Query["limit"].FirstOrDefault(), DefaultLimit);
            // First what may still come: what is stored meanwhile is in the ledger then, and not in neither.
            List<LedgerWait> waiting = Waiting(inputs, query);
            LedgerReport report = await events.LedgerAsync(query, ct);
            bool isKnown = report.Rows.Count + report.Gaps.Count > 0 || inputs.Inputs.Any(i => i.Options.Name == query.Source);
            if (query.Source is { } source && !isKnown)
                throw ApiException.BadParameter("source", $"\"{source}\" is no input, and nothing was read from one of that name");
            return LedgerJson.Of(report, waiting, limit);
        });

    private static LedgerQuery Read(IQueryCollection query, DateTimeOffset now)
    {
        (long from, long to) = EventParameters.Range(query, now, TimeSpan.FromHours(1));
        string by = query["by"].FirstOrDefault() ?? "time";
        if (by is not ("time" or "arrival"))
            throw ApiException.BadParameter("by", $"\"{by}\" is neither time nor arrival");
        return new LedgerQuery(from, to, by == "arrival", Word(query, "source"), Word(query, "file"));
    }

    private static string? Word(IQueryCollection query, string name) => query[name].FirstOrDefault() is { Length: > 0 } text ? text : null;

    /// <summary>
    /// What may still come of the time that is asked for: files with something unread whose newest line is older, and inputs of files that
    /// take nothing in. By arrival all that is asked for has come.
    /// </summary>
    private static List<LedgerWait> Waiting(InputRunner inputs, LedgerQuery query)
    {
        var waiting = new List<LedgerWait>();
        if (query.ByArrival)
            return waiting;
        foreach (RunningInput input in inputs.Inputs.Where(i => query.Source is null || i.Options.Name == query.Source))
        {
            foreach (UnreadFile file in input.Counters.Unread.Where(u => u.Newest < query.To && Matches(query.File, u.Path)))
                waiting.Add(new LedgerWait(input.Options.Name, file.Path, file.Bytes, file.Problem ?? "not stored yet"));
            if (input.Options.Kind == "logs" && input.Status is { State: not InputState.Running } status
                && input.Counters.LastEvent * 1_000_000 < query.To)
            {
                waiting.Add(new LedgerWait(input.Options.Name, "", 0, $"the input takes nothing in: {status.Error ?? "it starts"}"));
            }
        }
        return waiting;
    }

    private static bool Matches(string? pattern, string path) =>
        pattern is null || System.IO.Enumeration.FileSystemName.MatchesSimpleExpression(pattern, path, ignoreCase: false);
}

/// <summary>Something that is not stored yet.</summary>
/// <param name="Source">The input.</param>
/// <param name="Path">The file; empty where it may be any.</param>
/// <param name="Bytes">How much; of a packed file as it is packed.</param>
/// <param name="Reason">Why.</param>
internal sealed record LedgerWait(string Source, string Path, long Bytes, string Reason);
