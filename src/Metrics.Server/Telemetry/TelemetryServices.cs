namespace Metrics.Telemetry;

internal static class TelemetryServices
{
    public static IServiceCollection AddTelemetry(this IServiceCollection services) => services.AddSingleton<SelfMetrics>().AddHostedService<MemoryTrim>();
}
