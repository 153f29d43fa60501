using Metrics.Model;
using Metrics.Storage.Events;
using Metrics.Storage.Samples.DuckDb;
using Metrics.Storage.Samples.Influx;
using Metrics.Storage.State;
using Metrics.Telemetry;

namespace Metrics.Storage;

internal static class StorageServices
{
    public static IServiceCollection AddStores(
        this IServiceCollection services, StorageOptions options, EventLogOptions events)
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
        if (events.CopyToInflux && options.Influx is { } copiesTo)
        {
            services.AddSingleton(s => new EventCopies(
                copiesTo, options.Path, s.GetRequiredService<SelfMetrics>(), s.GetRequiredService<TimeProvider>(),
                s.GetRequiredService<ILogger<EventCopies>>()));
        }
        return services
            .AddSingleton<StateStore>()
            .AddSingleton<StoreWriter>()
            .AddSingleton(s => new EventLog(
                options, events, s.GetRequiredService<SelfMetrics>(), s.GetRequiredService<TimeProvider>(),
                s.GetRequiredService<ILogger<EventLog>>()))
            .AddSingleton<IEventLog>(s => s.GetRequiredService<EventLog>())
            .AddSingleton<IEventSource>(s => s.GetRequiredService<EventLog>())
            .AddSingleton<EventLogWriter>();
    }
}
