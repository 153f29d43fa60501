using Metrics.Pollers.OpenStack;
using Metrics.Pollers.OpenStack.Orphans;
using Metrics.Scheduling;
using Metrics.Telemetry;

namespace Metrics.Pollers;

internal static class PollerServices
{
    public static IServiceCollection AddPollers(this IServiceCollection services) => services
        .AddOwnMetrics<PollMetrics>()
        .AddOwnMetrics<CloudMetrics>()
        .AddSingleton<TargetCatalog>()
        .AddSingleton<RetiredTargets>()
        .AddSingleton<PollRunner>()
        .AddSingleton<Wheel>()
        .AddSingleton<PollScheduler>()
        .AddHostedService(s => s.GetRequiredService<PollScheduler>())
        .AddHostedService<OwnerDeletions>();
}
