using Metrics.Access;
using Metrics.Alerting;
using Metrics.Api;
using Metrics.Api.Events;
using Metrics.Api.Prometheus;
using Metrics.Configuration;
using Metrics.Model;
using Metrics.Notifiers;

namespace Metrics.Reports;

/// <summary>The report of a time: <c>GET /api/v1/report</c>, as text or, with <c>format=html</c>, as the page that is mailed.</summary>
internal static class ReportApi
{
    private const string Path = "/api/v1/report";
    private const int DefaultLimit = 10;

    public static void MapReports(this WebApplication app) => app.MapGet(Path, ReadAsync).For(Role.Viewer);

    private static Task ReadAsync(
        HttpContext context, ReportMaker maker, Current<NotificationOptions> notifications, HttpMetrics metrics, TimeProvider time) =>
        EventAnswers.AnswerAsync(context, metrics, Path, async () =>
        {
            IQueryCollection query = context.Request.Query;
            (long from, long to) = EventParameters.Range(query, time.GetUtcNow(), TimeSpan.FromDays(1));
            int limit = EventParameters.Limit(query["limit"].FirstOrDefault(), DefaultLimit);
            string format = query["format"].FirstOrDefault() ?? "text";
            if (format is not ("text" or "html"))
                throw ApiException.BadParameter("format", $"\"{format}\" is neither text nor html");
            var span = new ReportSpan(from, to, Timestamp.Of(time.GetUtcNow()).ToNanoseconds(), limit);
            SecurityReport report = await maker.MakeAsync("Security", span, context.RequestAborted);
            ReportText text = ReportRenderer.Render(report, notifications.Value.ExternalUrl);
            context.Response.ContentType = format == "html" ? "text/html; charset=utf-8" : "text/plain; charset=utf-8";
            await context.Response.WriteAsync(format == "html" ? text.Html : text.Plain, context.RequestAborted);
        });
}
