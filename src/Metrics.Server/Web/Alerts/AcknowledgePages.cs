using Metrics.Access;
using Metrics.Alerting;
using Metrics.Routing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Metrics.Web.Alerts;

/// <summary>
/// Acknowledgement by a link that is signed: whoever has it may use it, so it needs no token, and no other site can know it. The link
/// shows a page with a button: programs that look into mails follow links, and must not acknowledge anything.
/// </summary>
internal static class AcknowledgePages
{
    private const int MaxName = 100;

    public static void MapAcknowledgePages(this WebApplication app)
    {
        app.MapGet("/acknowledge/{key}", ShowAsync).Anyone();
        app.MapPost("/acknowledge/{key}", AcknowledgeAsync).Anyone();
    }

    private static async Task<IResult> ShowAsync(string key, HttpContext context, AlertHistory history, SignedLinks links) =>
        IsSigned(key, context, links) ? Form(await history.OpenOfAsync(key), null) : NotValid();

    private static async Task<IResult> AcknowledgeAsync(
        string key, HttpContext context, AlertHistory history, SignedLinks links, Acknowledgements acknowledgements)
    {
        if (!IsSigned(key, context, links))
            return NotValid();
        if (await RequestForm.ReadAsync(context) is not { } form)
            return AlertPages.Message("Not valid", "A form is expected.", StatusCodes.Status400BadRequest);
        string by = form["by"].ToString().Trim();
        IReadOnlyList<RoutedAlert> open = await history.OpenOfAsync(key);
        if (by.Length is 0 or > MaxName)
            return Form(open, $"Your name is required, with at most {MaxName} characters.");
        await acknowledgements.AcknowledgeAsync(open, by, form["comment"].ToString().Trim());
        return AlertPages.Message("Acknowledged", $"Thank you, {by}. {open.Count} alerts are acknowledged.");
    }

    private static bool IsSigned(string key, HttpContext context, SignedLinks links)
    {
        IQueryCollection query = context.Request.Query;
        return links.IsGood($"acknowledge {key}", query["until"].FirstOrDefault(), query["sig"].FirstOrDefault());
    }

    private static RazorComponentResult Form(IReadOnlyList<RoutedAlert> open, string? problem) =>
        new RazorComponentResult<AcknowledgePage>(new { Open = open, Problem = problem })
        {
            StatusCode = problem is null ? StatusCodes.Status200OK : StatusCodes.Status400BadRequest,
        };

    private static IResult NotValid() =>
        AlertPages.Message("Not valid", "This link is not valid, or too old.", StatusCodes.Status403Forbidden);
}
