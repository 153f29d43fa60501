using Metrics.Api.Access;

namespace Metrics.Api.Life;

/// <summary>Signs of life, and the reload.</summary>
internal static class LifeEndpoints
{
    public static void MapLife(this WebApplication app)
    {
        app.MapGet("/-/healthy", () => "metricsd is healthy.\n").Anyone();
        app.MapGet("/-/ready", () => "metricsd is ready.\n").Anyone();
        app.MapPost("/-/reload", Reload).For(Role.Admin);
    }

    private static IResult Reload(HttpContext context, Reloader reloader) => reloader.TryReload(Caller.NameOf(context)) is { } problems
        ? Results.Text(problems + "\n", statusCode: StatusCodes.Status422UnprocessableEntity)
        : Results.Text("reloaded\n");
}
