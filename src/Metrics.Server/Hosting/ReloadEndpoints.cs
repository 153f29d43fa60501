using System.Text.Json;
using Metrics.Access;
using Metrics.Api;
using Metrics.Configuration;

namespace Metrics.Hosting;

/// <summary>A reload over HTTP, and what it would do.</summary>
internal static class ReloadEndpoints
{
    /// <summary>Largest body of a preview: some hundred bytes a section.</summary>
    private const int MaxPreviewBytes = 16 << 20;

    public static void MapReload(this WebApplication app)
    {
        app.MapPost("/-/reload", (HttpContext context, Reloader reloader) =>
            reloader.TryReload(Caller.NameOf(context)) is { } problems
                ? Results.Text(problems + "\n", statusCode: StatusCodes.Status422UnprocessableEntity)
                : Results.Text("reloaded\n")).For(Role.Admin);
        // The caller sends the digests of what it has read and hears which differ: ours stay here, since secrets went into them.
        app.MapPost(ReloadPreview.Path, async (HttpContext context, ReloadPreview preview) =>
        {
            SectionId[]? sections;
            try
            {
                using JsonDocument? body = await JsonBody.ReadAsync(context, MaxPreviewBytes);
                sections = body?.Deserialize<SectionId[]>(ReloadPreview.Json);
            }
            catch (JsonException)
            {
                sections = null;
            }
            if (sections is null || sections.Contains(null))
                return Results.Text("expected a list of { \"name\", \"digest\" }\n", statusCode: StatusCodes.Status400BadRequest);
            return Results.Json(preview.Compare(sections), ReloadPreview.Json);
        }).TakesJson().For(Role.Operator);
    }
}
