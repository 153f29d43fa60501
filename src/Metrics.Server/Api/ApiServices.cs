using Metrics.Access;
using Metrics.Api.Alertmanager;
using Metrics.Api.Events;
using Metrics.Api.Identity;
using Metrics.Api.Prometheus;
using Metrics.Telemetry;

namespace Metrics.Api;

internal static class ApiServices
{
    public static IServiceCollection AddApi(this IServiceCollection services) => services
        .AddOwnMetrics<HttpMetrics>()
        .AddOwnMetrics<EventStreamMetrics>()
        .AddOwnMetrics<PostedAlertMetrics>()
        .AddSingleton<Federation>()
        .AddSingleton<QueryEndpoints>()
        .AddSingleton<SeriesEndpoints>()
        .AddSingleton<StateEndpoints>()
        .AddSingleton<EventStream>()
        .AddSingleton<EvidenceAnswer>()
        .AddSingleton<LongQuestions>()
        .AddSingleton<LoginQuestions>()
        .AddSingleton<AlertEndpoints>()
        .AddSingleton<PostAlertsHandler>()
        .AddSingleton<SilenceEndpoints>()
        .AddResponseCompression()
        .AddAccess();
}
