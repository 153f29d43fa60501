using Metrics.Access;

namespace Metrics.Web;

/// <summary>How the pages look. A file of its own, since a page may hold no styles: see <see cref="SecurityHeaders"/>.</summary>
internal static class StyleSheet
{
    /// <summary>Where it is.</summary>
    public const string Path = "/style.css";

    private const string Text = """
        body { font: 14px/1.45 system-ui, sans-serif; margin: 0 auto; max-width: 1200px; padding: 0 1rem 3rem }
        body { color: #1c2530; background: #fff }
        h1 { font-size: 1.3rem } h2 { font-size: 1.05rem; margin-top: 2rem }
        table { border-collapse: collapse; width: 100% }
        th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #dde3ea; vertical-align: top }
        th { color: #5b6875; font-weight: 600 } .num { text-align: right; font-variant-numeric: tabular-nums }
        .facts { display: flex; flex-wrap: wrap; gap: .6rem 2.2rem } .facts b { display: block; font-size: 1.25rem }
        .up { color: #12723a } .down { color: #b00020 } .dim { color: #5b6875 } code { font-size: .92em; overflow-wrap: anywhere }
        @media (prefers-color-scheme: dark) {
          body { color: #dfe6ee; background: #12171d } th, .dim { color: #93a1b0 } th, td { border-color: #2a333d }
          .up { color: #57c98a } .down { color: #ff7b8a }
        }
        """;

    public static void MapStyleSheet(this WebApplication app) => app.MapGet(Path, Show).Anyone();

    private static IResult Show(HttpContext context)
    {
        context.Response.Headers.CacheControl = "public, max-age=3600";
        return Results.Text(Text + "\n", "text/css");
    }
}
