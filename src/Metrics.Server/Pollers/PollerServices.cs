using Metrics.Pollers.OpenStack;
using Metrics.Pollers.Scrape;
using Metrics.Scheduling;
using Quartz;

namespace Metrics.Pollers;

internal static class PollerServices
{
    /// <summary>Polls at one time: each is a task that mostly waits, so that slow targets never keep others from their turn.</summary>
    private const int MaxConcurrentPolls = 10_000;

    public static IServiceCollection AddPollers(this IServiceCollection services) => services
        .AddSingleton<ScrapeTargets>()
        .AddSingleton<Clouds>()
        .AddSingleton<TargetCatalog>()
        .AddSingleton<PollRunner>()
        .AddQuartz(quartz =>
        {
            quartz.UseInMemoryStore();
            quartz.UseDefaultThreadPool(MaxConcurrentPolls);
        })
        .AddQuartzHostedService()
        .AddSingleton<PollScheduler>()
        .AddHostedService(s => s.GetRequiredService<PollScheduler>());
}
