using Metrics.Intake.Marks;
using Metrics.Intake.Templates;
using Metrics.Series;
using Metrics.Storage;
using Metrics.Storage.Events;
using Metrics.Storage.Events.Evidence;
using Metrics.Telemetry;

namespace Metrics.Intake;

internal static class IntakeServices
{
    public static IServiceCollection AddIntake(this IServiceCollection services, HeadSection options) => services
        .AddOwnMetrics<IntakeMetrics>()
        .AddSingleton(s => new Head(
            HeadOptions.Default with
            {
                Window = options.Window, MaxSeries = options.MaxSeries, MaxSeriesPerSource = options.MaxSeriesPerSource,
            },
            s.GetRequiredService<MemoryBudget>().TryBegin))
        .AddSingleton<HeadWindow>()
        .AddSingleton<MetadataTable>()
        .AddSingleton<LogCounts>()
        .AddOwnMetrics<MarkMetrics>()
        .AddSingleton<MarkStage>()
        .AddSingleton<PlaceStage>()
        .AddOwnMetrics<TemplateMetrics>()
        .AddSingleton<TemplateStage>()
        .AddSingleton<IntakePipeline>()
        .AddSingleton<HeadLoader>()
        .AddHostedService(s => s.GetRequiredService<StoreWriter>())
        .AddHostedService(s => s.GetRequiredService<EventLogWriter>())
        .AddHostedService<StoreMaintenance>()
        .AddHostedService<EventLogMaintenance>()
        .AddHostedService<EventSealer>()
        .AddHostedService(s => s.GetRequiredService<IntakePipeline>());
}
