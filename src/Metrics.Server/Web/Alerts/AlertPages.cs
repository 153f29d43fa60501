using Metrics.Access;
using Metrics.Alerting;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Metrics.Web.Alerts;

/// <summary>Pages that answer with a status of their own, which those with <c>@page</c> cannot. Their forms work without scripts.</summary>
internal static class AlertPages
{
    public static void MapAlertPages(this WebApplication app)
    {
        app.MapGet("/alerts", () => Results.Redirect("/")).For(Role.Viewer);
        app.MapGet("/alerts/{id}", ExplainAsync).For(Role.Viewer);
        app.MapAcknowledgePages();
        app.MapSilencePages();
    }

    private static async Task<IResult> ExplainAsync(string id, AlertHistory history) => await history.ExplainAsync(id) is { } known
        ? new RazorComponentResult<AlertPage>(new { Known = known })
        : Message("Unknown", "Nothing is known of this alert.", StatusCodes.Status404NotFound);

    /// <summary>A page that only says something.</summary>
    public static IResult Message(string title, string text, int status = StatusCodes.Status200OK) =>
        new RazorComponentResult<MessagePage>(new { Title = title, Text = text }) { StatusCode = status };
}
