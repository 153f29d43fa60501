using System.Globalization;
using Metrics.Access;
using Metrics.Alerting;
using Metrics.Model;
using Metrics.Query;
using Metrics.Query.Syntax;
using Metrics.Storage.State;

namespace Metrics.Api.Alerts;

/// <summary>What is ours alone about alerts: why one was sent or not, and who changed what.</summary>
internal static class AlertApi
{
    public static void MapAlertApi(this WebApplication app)
    {
        app.MapGet("/api/v1/explain", ExplainAsync).For(Role.Viewer);
        app.MapAcknowledgeApi();
        app.MapGet("/api/v1/audit", AuditAsync).For(Role.Viewer);
    }

    private static async Task<IResult> ExplainAsync(HttpContext context, AlertHistory trail)
    {
        string? asked = context.Request.Query["alert"].FirstOrDefault();
        if (string.IsNullOrWhiteSpace(asked))
            return BadData($"alert is required: {AskedAlert.Expected}");
        AskedAlert? alert = new(asked.Trim(), []);
        IReadOnlyList<string> rule = trail.ExplainRule(alert.Name);
        if (rule.Count == 0)
        {
            alert = AskedAlert.Read(asked, out string? error);
            if (alert is null)
                return BadData($"alert is '{asked}'; it must be {AskedAlert.Expected}{(error is null ? "" : $" ({error})")}");
            rule = trail.ExplainRule(alert.Name);
        }
        IReadOnlyList<AlertExplanation> found = await trail.ExplainAsync(alert.Name, alert.Matchers);
        if (rule.Count == 0 && found.Count == 0 && IsExpression(asked))
            return BadData($"alert is '{asked}', which is an expression; it must be {AskedAlert.Expected}");
        return Results.Json(new
        {
            status = "success",
            data = new
            {
                rule,
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

    private static bool IsExpression(string asked) =>
        PreparedQuery.TryParse(asked, out PreparedQuery? query, out _) && query!.Root is not SelectorExpr { Selector.MetricName: not null };

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
