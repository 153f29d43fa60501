using System.Globalization;
using Metrics.Access;
using Metrics.Alerting;
using Metrics.Model;
using Metrics.Query;
using Metrics.Query.Syntax;
using Metrics.Series;
using Metrics.Storage.State;

namespace Metrics.Api.Alerts;

/// <summary>What is ours alone about alerts: why one was sent or not, and who changed what.</summary>
internal static class AlertApi
{
    private const string Expected = "a rule's name, with labels where it has many alerts: HostDown{host=\"a\"}";

    public static void MapAlertApi(this WebApplication app)
    {
        app.MapGet("/api/v1/explain", ExplainAsync).For(Role.Viewer);
        app.MapGet("/api/v1/audit", AuditAsync).For(Role.Viewer);
    }

    private static async Task<IResult> ExplainAsync(HttpContext context, AlertHistory trail)
    {
        string? asked = context.Request.Query["alert"].FirstOrDefault();
        if (string.IsNullOrWhiteSpace(asked))
            return BadData($"alert is required: {Expected}");
        // The name of a rule may hold what that of a metric may not, such as blanks.
        int brace = asked.IndexOf('{', StringComparison.Ordinal);
        string plain = (brace < 0 ? asked : asked[..brace]).Trim();
        string selected = plain.Length == 0 ? asked : $"rule{(brace < 0 ? "" : asked[brace..])}";
        if (!PreparedQuery.TryParse(selected, out PreparedQuery? query, out QueryError? error)
            || query!.Root is not SelectorExpr { Selector.MetricName: { } metric } selector)
            return BadData($"alert is '{asked}'; it must be {Expected}{(error is null ? "" : $" ({error})")}");
        IEnumerable<LabelMatcher> labels = selector.Selector.Matchers.Where(m => m.Name != Labels.MetricName);
        string name = plain.Length == 0 ? metric : plain;
        IReadOnlyList<AlertExplanation> found = await trail.ExplainAsync(name, [.. labels]);
        return Results.Json(new
        {
            status = "success",
            data = new
            {
                rule = trail.ExplainRule(name),
                alerts = found.Select(a => new
                {
                    id = a.Id,
                    alert = a.Alert,
                    series = a.Series.ToDictionary(l => l.Name, l => l.Value),
                    state = a.State,
                    now = a.Now,
                    trail = a.Lines.Select(l => new { at = l.At.ToString(), what = l.What, text = l.Text }),
                }),
            },
        });
    }

    private static async Task<IResult> AuditAsync(HttpContext context, StateStore state)
    {
        string limit = context.Request.Query["limit"].FirstOrDefault() ?? "1000";
        if (!int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out int max) || max is 0 or > 100_000)
            return BadData($"limit is '{limit}'; it must be a number from 1 to 100000");
        List<AuditRow> rows = await state.AuditAsync(max);
        return Results.Json(new
        {
            status = "success",
            data = rows.Select(a => new { at = new Timestamp(a.At).ToString(), who = a.Who, what = a.What, text = a.Text }),
        });
    }

    private static IResult BadData(string error) => Results.Json(new { status = "error", errorType = "bad_data", error }, statusCode: 400);
}
