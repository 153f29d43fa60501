using Metrics.Model;
using Metrics.Storage.Events;
using Metrics.Storage.Events.Evidence;
using Metrics.Storage.Forwarding;
using Metrics.Storage.Samples.DuckDb;
using Metrics.Storage.Samples.Influx;
using Metrics.Storage.State;
using Metrics.Telemetry;

namespace Metrics.Storage;

internal static class StorageServices
{
    public static IServiceCollection AddStores(
        this IServiceCollection services, StorageOptions options, EventLogOptions events, ForwardOptions? forward)
    {
        if (options.Influx is { } influx)
        {
            services.AddSingleton<ISampleStore>(s => ActivatorUtilities.CreateInstance<InfluxStore>(s, influx, options.Path));
        }
        else
        {
            services.AddSingleton<ISampleStore>(s => new DuckDbStore(
                options, s.GetRequiredService<TimeProvider>(), s.GetRequiredService<ILogger<DuckDbStore>>(),
                s.GetRequiredService<MetricRegistry>().Damages));
        }
        if (events.CopyToInflux && options.Influx is { } copiesTo)
        {
            services.AddSingleton(s => ActivatorUtilities.CreateInstance<EventCopies>(s, copiesTo, options.Path));
        }
        if (forward is not null)
            services.AddForwarding(forward);
        return services
            .AddOwnMetrics<ForwardMetrics>()
            .AddOwnMetrics<StoreMetrics>()
            .AddOwnMetrics<EventLogMetrics>()
            .AddOwnMetrics<EvidenceMetrics>()
            .AddOwnMetrics<InfluxMetrics>()
            .AddOwnMetrics<StateMetrics>()
            .AddSingleton<StateStore>()
            .AddSingleton<StoreWriter>()
            .AddSingleton(s => new EventLog(
                options, events, s.GetRequiredService<EventLogMetrics>(), s.GetRequiredService<TimeProvider>(),
                s.GetRequiredService<ILogger<EventLog>>()))
            .AddSingleton<IEventLog>(s => s.GetRequiredService<EventLog>())
            .AddSingleton<IEventSource>(s => s.GetRequiredService<EventLog>())
            .AddSingleton<EventLogWriter>()
            .AddSingleton<EventSeals>()
            .AddSingleton<EvidenceCheck>()
            .AddSingleton<Backup>()
            .AddHostedService<DataFolderWatch>();
    }

    private static void AddForwarding(this IServiceCollection services, ForwardOptions options)
    {
        services.AddSingleton(options).AddSingleton<ForwardLink>();
        if (options.Samples)
            services.AddSingleton<SampleForwarder>().AddHostedService(s => s.GetRequiredService<SampleForwarder>());
        services.AddHostedService<EventForwarder>();
    }
}
