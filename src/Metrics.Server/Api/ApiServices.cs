using Metrics.Api.Alertmanager;
using Metrics.Api.Events;
using Metrics.Api.Prometheus;

namespace Metrics.Api;

internal static class ApiServices
{
    public static IServiceCollection AddApi(this IServiceCollection services) => services
        .AddSingleton<Federation>()
        .AddSingleton<QueryEndpoints>()
        .AddSingleton<SeriesEndpoints>()
        .AddSingleton<StateEndpoints>()
        .AddSingleton<EventStream>()
        .AddSingleton<AlertEndpoints>()
        .AddSingleton<PostAlertsHandler>()
        .AddSingleton<SilenceEndpoints>()
        .AddResponseCompression()
        .AddSingleton<Access>()
        .AddSingleton<Reloader>()
        .AddHostedService(s => s.GetRequiredService<Reloader>());

    public static void UseAccess(this WebApplication app)
    {
        Access access = app.Services.GetRequiredService<Access>();
        app.Use((HttpContext context, RequestDelegate next) => access.Invoke(context, next));
        app.UseResponseCompression();
        app.UseRouting();
        app.UseAntiforgery();
    }
}
