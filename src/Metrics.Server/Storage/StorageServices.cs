using Metrics.Storage.Samples.DuckDb;
using Metrics.Storage.Samples.Influx;
using Metrics.Storage.State;
using Metrics.Telemetry;

namespace Metrics.Storage;

internal static class StorageServices
{
    public static IServiceCollection AddStores(this IServiceCollection services, StorageOptions options)
    {
        if (options.Influx is { } influx)
        {
            services.AddSingleton<ISampleStore>(s => new InfluxStore(
                influx, options.Path, s.GetRequiredService<SelfMetrics>(), s.GetRequiredService<TimeProvider>(), s.GetRequiredService<ILogger<InfluxStore>>()));
        }
        else
        {
            services.AddSingleton<ISampleStore>(s => new DuckDbStore(
                options, s.GetRequiredService<TimeProvider>(), s.GetRequiredService<ILogger<DuckDbStore>>()));
        }
        return services
            .AddSingleton<StateStore>()
            .AddSingleton<StoreWriter>();
    }
}
