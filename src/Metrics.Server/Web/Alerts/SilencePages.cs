using Metrics.Access;
using Metrics.Alerting;
using Metrics.Model;
using Metrics.Routing;
using Metrics.Series;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Metrics.Web.Alerts;

/// <summary>What stands in the form of a silence, as it was entered.</summary>
/// <param name="Filter">Matchers, as amtool takes them.</param>
/// <param name="Duration">From now on, such as <c>2h</c>.</param>
/// <param name="By">Who wants it.</param>
/// <param name="Comment">Why.</param>
public sealed record SilenceForm(string Filter, string Duration, string By, string Comment)
{
    internal static SilenceForm Of(IFormCollection form) =>
        new(Text(form, "filter"), Text(form, "duration"), Text(form, "by"), Text(form, "comment"));

    private static string Text(IFormCollection form, string name) => form[name].ToString().Trim();
}

/// <summary>
/// A silence by a form. A browser sends a password by itself, to whichever page sends the form; so the form holds a token that only our
/// own page can know.
/// </summary>
internal static class SilencePages
{
    private const string DefaultDuration = "2h";

    public static void MapSilencePages(this WebApplication app)
    {
        app.MapGet("/silences/new", Show).For(Role.Operator);
        app.MapPost("/silences/new", SilenceAsync).For(Role.Operator);
    }

    private static IResult Show(HttpContext context) =>
        Form(new SilenceForm(context.Request.Query["filter"].ToString(), DefaultDuration, "", ""), null);

    private static async Task<IResult> SilenceAsync(HttpContext context, Silences silences, IAntiforgery antiforgery, TimeProvider time)
    {
        if (await RequestForm.ReadAsync(context) is not { } form)
            return AlertPages.Message("Not valid", "A form is expected.", StatusCodes.Status400BadRequest);
        SilenceForm entered = SilenceForm.Of(form);
        if (!await antiforgery.IsRequestValidAsync(context))
            return Form(entered, "This form was not made by this page, or before metricsd started again: look at it, and send it again.");
        try
        {
            if (!Duration.TryParse(entered.Duration, out TimeSpan duration))
                throw new FormatException("the duration must be one such as 30m or 2h");
            IReadOnlyList<LabelMatcher> matchers = [.. MatcherText.Parse(entered.Filter)];
            Timestamp now = Timestamp.Of(time.GetUtcNow());
            string id = await silences.PutAsync(
                null, matchers, now, now + duration, entered.By, entered.Comment, Caller.AccountNameOf(context));
            string @for = Duration.Format(duration);
            return AlertPages.Message("Silenced", $"Nobody is notified of these alerts for {@for}. Id of the silence: {id}");
        }
        catch (FormatException e)
        {
            return Form(entered, e.Message);
        }
    }

    private static RazorComponentResult Form(SilenceForm entered, string? problem) =>
        new RazorComponentResult<SilencePage>(new { Entered = entered, Problem = problem })
        {
            StatusCode = problem is null ? StatusCodes.Status200OK : StatusCodes.Status400BadRequest,
        };
}
