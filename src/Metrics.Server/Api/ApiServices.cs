using Metrics.Api.Alertmanager;
using Metrics.Api.Prometheus;

namespace Metrics.Api;

internal static class ApiServices
{
    public static IServiceCollection AddApi(this IServiceCollection services) => services
        .AddSingleton<Federation>()
        .AddSingleton<QueryEndpoints>()
        .AddSingleton<SeriesEndpoints>()
        .AddSingleton<StateEndpoints>()
        .AddSingleton<AlertEndpoints>()
        .AddSingleton<PostAlertsHandler>()
        .AddSingleton<SilenceEndpoints>()
        .AddResponseCompression()
        .AddSingleton<Access>();

    public static void UseAccess(this WebApplication app)
    {
        Access access = app.Services.GetRequiredService<Access>();
        app.Use((HttpContext context, RequestDelegate next) => access.Invoke(context, next));
        app.UseResponseCompression();
        app.UseRouting();
        app.UseAntiforgery();
    }
}
