using Metrics.Access;

namespace Metrics.Api.Life;

/// <summary>Signs of life.</summary>
internal static class LifeEndpoints
{
    public static void MapLife(this WebApplication app)
    {
        app.MapGet("/-/healthy", () => "metricsd is healthy.\n").Anyone();
        app.MapGet("/-/ready", () => "metricsd is ready.\n").Anyone();
    }
}
