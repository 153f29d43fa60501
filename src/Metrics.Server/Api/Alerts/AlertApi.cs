using System.Globalization;
using System.Net;
using System.Text;
using Metrics.Alerting;
using Metrics.Query.Syntax;
using Metrics.Routing;
using Metrics.Series;
using Metrics.Storage.State;

namespace Metrics.Api.Alerts;

/// <summary>What is ours alone about alerts: why one was sent or not, and acknowledgement by a signed link.</summary>
internal static class AlertApi
{
    public static void MapAlertApi(this WebApplication app)
    {
        app.MapGet("/api/v1/explain", (HttpContext c, AlertHistory trail) => ExplainAsync(c.Request.Query["alert"].FirstOrDefault(), trail));
        app.MapGet("/api/v1/audit", (HttpContext c, StateStore state) => Audit(c.Request.Query["limit"].FirstOrDefault() ?? "1000", state));
        app.MapGet("/alerts", () => Results.Redirect("/"));
        app.MapGet("/alerts/{id}", (string id, AlertHistory trail) => trail.Explain(id) is { } known ? Page(known.Alert, ExplanationHtml(known)) : Page("Unknown", "<p>Nothing is known of this alert.</p>", 404));
        app.MapGet("/acknowledge/{key}", (string key, HttpContext c, AlertHistory trail, SignedLinks links) => Signed(c, links, $"acknowledge {key}", () => AcknowledgeForm(trail.OpenOf(key))));
        app.MapPost("/acknowledge/{key}", (string key, HttpContext c, AlertHistory trail, SignedLinks links, Acknowledgements acks) => AcknowledgeAsync(key, c, trail, links, acks)).DisableAntiforgery();
        app.MapGet("/silences/new", (HttpContext c, SignedLinks links) => SilenceForm(c.Request.Query["filter"].ToString(), null, links));
        app.MapPost("/silences/new", (HttpContext c, Silences book, SignedLinks links, TimeProvider time) => SilenceAsync(c, book, links, time)).DisableAntiforgery();
    }

    private static IResult ExplainAsync(string? asked, AlertHistory trail)
    {
        if (string.IsNullOrWhiteSpace(asked))
            return Results.Json(new { status = "error", errorType = "bad_data", error = "alert is required: a rule's name, with labels where it has many alerts: HostDown{host=\"a\"}" }, statusCode: 400);
        if (!Query.PreparedQuery.TryParse(asked, out Query.PreparedQuery? query, out Query.QueryError? error) || query!.Root is not SelectorExpr { Selector.MetricName: { } name } selector)
            return Results.Json(new { status = "error", errorType = "bad_data", error = $"alert is '{asked}'; it must be a rule's name, with labels where it has many alerts: HostDown{{host=\"a\"}}{(error is null ? "" : $" ({error})")}" }, statusCode: 400);
        IReadOnlyList<AlertExplanation> found = trail.Explain(name, [.. selector.Selector.Matchers.Where(m => m.Name != Model.Labels.MetricName)]);
        return Results.Json(new
        {
            status = "success",
            data = new
            {
                rule = trail.ExplainRule(name),
                alerts = found.Select(a => new { id = a.Id, alert = a.Alert, series = a.Series.ToDictionary(l => l.Name, l => l.Value), state = a.State, now = a.Now, trail = a.Lines.Select(l => new { at = AlertHistory.Moment(l.At), what = l.What, text = l.Text }) }),
            },
        });
    }

    private static IResult Audit(string limit, StateStore state) => int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out int max) && max is > 0 and <= 100_000
        ? Results.Json(new { status = "success", data = state.Audit(max).Select(a => new { at = AlertHistory.Moment(a.At), who = a.Who, what = a.What, text = a.Text }) })
        : Results.Json(new { status = "error", errorType = "bad_data", error = $"limit is '{limit}'; it must be a number from 1 to 100000" }, statusCode: 400);

    private static IResult Signed(HttpContext context, SignedLinks links, string what, Func<IResult> answer) =>
        links.IsGood(what, context.Request.Query["until"].FirstOrDefault(), context.Request.Query["sig"].FirstOrDefault()) ? answer() : Page("Not valid", "<p>This link is not valid, or too old.</p>", 403);

    /// <summary>A page with a button: programs that look into mails follow links, and must not acknowledge anything.</summary>
    private static IResult AcknowledgeForm(IReadOnlyList<RoutedAlert> open)
    {
        if (open.Count == 0)
            return Page("Acknowledge", "<p>These alerts are over.</p>");
        var html = new StringBuilder("<p>You say that you are at these alerts: they are neither repeated nor escalated until they are over.</p><ul>");
        foreach (RoutedAlert alert in open.Take(100))
            html.Append("<li><b>").Append(Encode(alert.Alert.Labels["alertname"])).Append("</b> <code>").Append(Encode(alert.Alert.Labels.Without("alertname").ToString())).Append("</code></li>");
        html.Append("</ul><form method=\"post\"><p><label>Your name <input name=\"by\" required maxlength=\"100\"></label></p><p><label>Comment <input name=\"comment\" maxlength=\"500\"></label></p><p><button>Acknowledge</button></p></form>");
        return Page("Acknowledge", html.ToString());
    }

    private static async Task<IResult> AcknowledgeAsync(string key, HttpContext context, AlertHistory trail, SignedLinks links, Acknowledgements acks)
    {
        if (!context.Request.HasFormContentType)
            return Page("Not valid", "<p>A form is expected.</p>", 400);
        IFormCollection form = await context.Request.ReadFormAsync(context.RequestAborted);
        return Signed(context, links, $"acknowledge {key}", () =>
        {
            string by = form["by"].ToString().Trim();
            if (by.Length is 0 or > 100)
                return Page("Acknowledge", "<p>Your name is required.</p>", 400);
            IReadOnlyList<RoutedAlert> open = trail.OpenOf(key);
            acks.Acknowledge(open, by, form["comment"].ToString().Trim());
            return Page("Acknowledged", $"<p>Thank you, {Encode(by)}. {open.Count} alerts are acknowledged.</p>");
        });
    }

    private static IResult SilenceForm(string filter, string? problem, SignedLinks links)
    {
        var html = new StringBuilder();
        if (problem is not null)
            html.Append("<p class=\"down\">").Append(Encode(problem)).Append("</p>");
        html.Append("<form method=\"post\" action=\"/silences/new?").Append(Encode(links.Sign("silence form"))).Append("\"><p><label>Alerts that meet <input name=\"filter\" size=\"80\" required value=\"").Append(Encode(filter)).Append("\"></label></p>");
        html.Append("<p><label>for <input name=\"duration\" value=\"2h\" required></label></p><p><label>Your name <input name=\"by\" required></label></p><p><label>Why <input name=\"comment\" size=\"60\" required></label></p><p><button>Silence</button></p></form>");
        return Page("Silence", html.ToString(), problem is null ? 200 : 400);
    }

    private static async Task<IResult> SilenceAsync(HttpContext context, Silences book, SignedLinks links, TimeProvider time)
    {
        IFormCollection form = context.Request.HasFormContentType ? await context.Request.ReadFormAsync(context.RequestAborted) : FormCollection.Empty;
        // Only our own page knows the signature: another site cannot post in a reader's name.
        return Signed(context, links, "silence form", () =>
        {
            string filter = form["filter"].ToString();
            try
            {
                if (!Model.Duration.TryParse(form["duration"].ToString(), out TimeSpan duration))
                    throw new FormatException("the duration must be one such as 30m or 2h");
                IReadOnlyList<LabelMatcher> matchers = [.. MatcherText.Parse(filter)];
                long now = time.GetUtcNow().ToUnixTimeMilliseconds();
                string id = book.Put(null, matchers, now, now + (long)duration.TotalMilliseconds, form["by"].ToString().Trim(), form["comment"].ToString().Trim(), Access.TokenNameOf(context));
                return Page("Silenced", $"<p>Nobody is told of these alerts for {Encode(Model.Duration.Format(duration))}. Id of the silence: <code>{Encode(id)}</code></p>");
            }
            catch (FormatException e)
            {
                return SilenceForm(filter, e.Message, links);
            }
        });
    }

    private static string ExplanationHtml(AlertExplanation alert)
    {
        var html = new StringBuilder("<p><code>").Append(Encode(alert.Series.ToString())).Append("</code></p><ul>");
        foreach (string line in alert.Now)
            html.Append("<li>").Append(Encode(line)).Append("</li>");
        html.Append("</ul><table><tr><th>When</th><th>What</th><th></th></tr>");
        foreach (TrailLine line in alert.Lines)
            html.Append("<tr><td>").Append(AlertHistory.Moment(line.At)).Append("</td><td>").Append(Encode(line.What)).Append("</td><td>").Append(Encode(line.Text)).Append("</td></tr>");
        return html.Append("</table>").ToString();
    }

    private static IResult Page(string title, string body, int status = 200) => Results.Content(
        $"<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><meta name=\"referrer\" content=\"no-referrer\"><title>{Encode(title)} - metricsd</title><style>body{{font:14px/1.45 system-ui,sans-serif;margin:0 auto;max-width:1000px;padding:0 1rem 3rem}}th,td{{text-align:left;padding:.2rem .6rem;border-bottom:1px solid #dde3ea;vertical-align:top}}.down{{color:#b00020}}code{{overflow-wrap:anywhere}}</style></head><body><h1>{Encode(title)}</h1>{body}</body></html>",
        "text/html; charset=utf-8", statusCode: status);

    private static string Encode(string text) => WebUtility.HtmlEncode(text);
}
