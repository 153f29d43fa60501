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
        app.MapGet("/alerts/{id}", Explain).For(Role.Viewer);
        app.MapAcknowledgePages();
        app.MapSilencePages();
    }

    private static IResult Explain(string id, AlertHistory history) => history.Explain(id) is null
        ? Message("Unknown", "Nothing is known of this alert.", StatusCodes.Status404NotFound)
        : new RazorComponentResult<AlertPage>(new { Id = id });

    /// <summary>A page that only says something.</summary>
    public static IResult Message(string title, string text, int status = StatusCodes.Status200OK) =>
        new RazorComponentResult<MessagePage>(new { Title = title, Text = text }) { StatusCode = status };
}
