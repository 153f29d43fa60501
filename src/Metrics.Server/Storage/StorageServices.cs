using Metrics.Configuration;
using Metrics.Model;
using Metrics.Storage.Events;
using Metrics.Storage.Samples.DuckDb;
using Metrics.Storage.Samples.Influx;
using Metrics.Storage.State;
using Metrics.Telemetry;

namespace Metrics.Storage;

internal static class StorageServices
{
    public static IServiceCollection AddStores(this IServiceCollection services, MetricsOptions options)
    {
        if (options.Storage.Influx is { } influx)
        {
            services.AddSingleton<ISampleStore>(s => new InfluxStore(
                influx, options.Storage.Path, s.GetRequiredService<SelfMetrics>(), s.GetRequiredService<TimeProvider>(), s.GetRequiredService<ILogger<InfluxStore>>()));
        }
        else
        {
            services.AddSingleton<ISampleStore>(s => new DuckDbStore(
                options.Storage, s.GetRequiredService<TimeProvider>(), s.GetRequiredService<ILogger<DuckDbStore>>()));
        }
        if (options is { Events.CopyToInflux: true, Storage.Influx: { } copiesTo })
        {
            services.AddSingleton(s => new EventCopies(
                copiesTo, options.Storage.Path, s.GetRequiredService<SelfMetrics>(), s.GetRequiredService<TimeProvider>(),
                s.GetRequiredService<ILogger<EventCopies>>()));
        }
        return services
            .AddSingleton<StateStore>()
            .AddSingleton<StoreWriter>()
            .AddSingleton(s => new EventLog(
                options.Storage, options.Events, s.GetRequiredService<SelfMetrics>(), s.GetRequiredService<TimeProvider>(),
                s.GetRequiredService<ILogger<EventLog>>()))
            .AddSingleton<IEventLog>(s => s.GetRequiredService<EventLog>())
            .AddSingleton<IEventSource>(s => s.GetRequiredService<EventLog>())
            .AddSingleton<EventLogWriter>();
    }
}
