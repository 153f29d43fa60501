using Metrics.Model;

namespace Metrics.Storage.Events.About;

/// <summary>Whether values are shared by more than those that are asked for.</summary>
/// <param name="Values">The values of one relation, at least one, by field; all of one host each, or all of any.</param>
/// <param name="Asked">What those have that are asked for.</param>
/// <param name="Spans">When.</param>
/// <param name="WithAccounts">Whether accounts and requests are counted as well.</param>
internal sealed record ShareQuery(
    IReadOnlyList<FieldValues> Values, IReadOnlyList<FieldValues> Asked, TimeSpans Spans, bool WithAccounts)
{
    /// <summary>The question to one table: value, host or nothing, others, accounts, requests. An event counts once for a value.</summary>
    public string Sql(EventTable table)
    {
        string keys = string.Join(", ", Values.Select(v => v.Key).Distinct());
        string host = Values[0].Host is null ? "''" : "coalesce(host, '')";
        string values = string.Join(", ", Values.SelectMany(v => v.Values).Distinct().Select(EventQuery.Quote));
        string user = WithAccounts ? EventQuery.Attribute(EventFields.UserName) : "''";
        string request = WithAccounts ? EventQuery.Attribute(EventFields.RequestId) : "''";
        // What was taken along between spans is left out again.
        string spans = string.Join(", ", Spans.Exact.Select(s => $"({s.From}, {s.To})"));
        string exact = Spans.Few.Count == Spans.Exact.Count ? "" : $"ASOF JOIN (VALUES {spans}) spans(begins, ends) ON time >= begins";
        return $"""
            SELECT value, host, count(*) FILTER (is_other), count(DISTINCT nullif(account, '')), count(DISTINCT nullif(request, ''))
            FROM (SELECT unnest(list_distinct([{keys}])) AS value, {host} AS host, NOT ({Any(Asked)}) AS is_other, {user} AS account,
                {request} AS request, time FROM {table.Name} WHERE {EventQuery.WithinAny(Spans.Few)} AND ({Any(Values)})) {exact}
            WHERE value IN ({values}) {(exact.Length > 0 ? "AND time <= ends" : "")} GROUP BY value, host
            """;
    }

    private static string Any(IReadOnlyList<FieldValues> conditions) => string.Join(" OR ", conditions.Select(c => c.Sql));
}
