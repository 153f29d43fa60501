using Metrics.Access;
using Metrics.Formats.EventJson;
using Metrics.Formats.Logs.Templates;
using Metrics.Intake.Templates;

namespace Metrics.Api.Events;

/// <summary>
/// Which kinds of lines there are: <c>GET /api/v1/logs/templates</c> the sources, with <c>source=HOST/SERVICE</c> the kinds of one, those
/// that were seen last first.
/// </summary>
internal static class LogTemplatesApi
{
    private const string Path = "/api/v1/logs/templates";

    public static void MapLogTemplates(this WebApplication app) => app.MapGet(
        Path, (HttpContext context, TemplateStage templates, HttpMetrics metrics, string? source) =>
            EventAnswers.AnswerAsync(context, metrics, Path, _ => Task.FromResult<object>(
                templates.Look(all => source is null ? Sources(all) : Kinds(all.Where(s => NameOf(s) == source)))))).For(Role.Viewer);

    private static string NameOf(TemplateSource source) => $"{source.Host}/{source.Service}";

    private static List<object> Sources(IReadOnlyCollection<TemplateSource> all) =>
    [
        .. all.OrderBy(NameOf, StringComparer.Ordinal).Select(s => new
        {
            source = NameOf(s),
            since = EventTime.Format(s.Since),
            templates = s.Tree.Count,
            fullUntil = s.FullUntil > s.Last ? EventTime.Format(s.FullUntil) : null,
        }),
    ];

    private static List<object> Kinds(IEnumerable<TemplateSource> sources) =>
    [
        .. sources.SelectMany(s => s.Tree.All).OrderByDescending(t => t.Last).Select(t => new
        {
            template = LineMask.Show(t.Masked),
            count = t.Count,
            first = EventTime.Format(t.First),
            last = EventTime.Format(t.Last),
            example = t.Example,
        }),
    ];
}
