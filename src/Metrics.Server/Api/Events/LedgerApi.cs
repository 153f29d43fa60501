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
            List<LedgerWait> waiting = LedgerWait.Of(inputs, query);
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
}
