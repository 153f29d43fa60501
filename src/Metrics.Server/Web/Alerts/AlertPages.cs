using Metrics.Api.Access;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Metrics.Web.Alerts;

/// <summary>Pages about alerts beside those with <c>@page</c>: they answer with a status of their own. Their forms work without scripts.</summary>
internal static class AlertPages
{
    public static void MapAlertPages(this WebApplication app)
    {
        app.MapGet("/alerts", () => Results.Redirect("/")).For(Role.Viewer);
        app.MapAcknowledgePages();
        app.MapSilencePages();
    }

    /// <summary>A page that only says something.</summary>
    public static IResult Message(string title, string text, int status = StatusCodes.Status200OK) =>
        new RazorComponentResult<MessagePage>(new { Title = title, Text = text }) { StatusCode = status };
}
