using Metrics.Scheduling;

namespace Metrics.Pollers;

internal static class PollerServices
{
    public static IServiceCollection AddPollers(this IServiceCollection services) => services
        .AddSingleton<TargetCatalog>()
        .AddSingleton<PollRunner>()
        .AddSingleton<Wheel>()
        .AddSingleton<PollScheduler>()
        .AddHostedService(s => s.GetRequiredService<PollScheduler>());
}
