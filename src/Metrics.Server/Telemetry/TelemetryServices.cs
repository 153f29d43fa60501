namespace Metrics.Telemetry;

internal static class TelemetryServices
{
    public static IServiceCollection AddTelemetry(this IServiceCollection services, MemoryBudget budget) => services
        .AddSingleton<MetricRegistry>()
        .AddSingleton(budget)
        .AddOwnMetrics<MemoryMetrics>()
        .AddSingleton<OwnMetrics>(s => s.GetRequiredService<MetricRegistry>().Faults.Metrics)
        .AddSingleton<OwnMetrics>(s => s.GetRequiredService<MetricRegistry>().Damages.Metrics)
        .AddSingleton<OwnMetrics>(s => s.GetRequiredService<MetricRegistry>().Ledger.Metrics)
        .AddHostedService<MemoryTrim>()
        .AddHostedService<LedgerCheck>();

    /// <summary>Gives a room its own metrics.</summary>
    public static IServiceCollection AddOwnMetrics<T>(this IServiceCollection services)
        where T : OwnMetrics => services.AddSingleton<T>().AddSingleton<OwnMetrics>(s => s.GetRequiredService<T>());

    /// <summary>Declares the metrics of all rooms, so that all are on the page from the start; logs faults from here on.</summary>
    public static void DeclareOwnMetrics(this WebApplication app)
    {
        MetricRegistry registry = app.Services.GetRequiredService<MetricRegistry>();
        registry.Faults.LogTo(app.Services.GetRequiredService<ILogger<Faults>>());
        registry.Damages.LogTo(app.Services.GetRequiredService<ILogger<Damages>>());
        _ = app.Services.GetServices<OwnMetrics>();
    }
}
