using Metrics.Configuration;
using Metrics.Scheduling;
using Metrics.Telemetry;

namespace Metrics.Hosting;

internal static class HostingServices
{
    /// <summary>
    /// Gives each room its own options: the fixed ones as they are, those that follow a reload as <see cref="Current{T}"/>.
    /// </summary>
    public static IServiceCollection AddConfiguration(
        this IServiceCollection services, ConfigurationSource source, MetricsOptions options)
    {
        var reloaded = new ReloadedOptions(options);
        return services
            .AddSingleton(new SteadyClock(TimeProvider.System))
            .AddSingleton<TimeProvider>(s => s.GetRequiredService<SteadyClock>())
            .AddSingleton(source)
            .AddSingleton(options)
            .AddSingleton(options.Listen)
            .AddSingleton(options.Storage)
            .AddSingleton(options.Head)
            .AddSingleton(options.Query)
            .AddSingleton(reloaded)
            .AddSingleton(reloaded.Follow(o => o.Logging))
            .AddSingleton(reloaded.Follow(o => o.Auth))
            .AddSingleton(reloaded.Follow(o => o.Rules))
            // What was not changed keeps its connections, access tokens and groups.
            .AddSingleton(reloaded.Follow(o => o.Notifications, n => n.Id))
            .AddSingleton(reloaded.Follow(o => o.Reports))
            .AddSingleton(reloaded.Follow(o => EventCalendars.Of(o.Notifications.Routing)))
            .AddSingleton(reloaded.Follow(o => o.Targets))
            .AddSingleton(reloaded.Follow(o => o.Inputs))
            .AddSingleton(reloaded.Follow(o => o.Events))
            .AddSingleton<ReloadOutcome>();
    }

    /// <summary>What follows a reload; after all rooms, since it knows them.</summary>
    public static IServiceCollection AddReload(this IServiceCollection services) => services
        .AddOwnMetrics<ProcessMetrics>()
        .AddOwnMetrics<ClockMetrics>()
        .AddHostedService<ClockWatch>()
        .AddOwnMetrics<ReloadMetrics>()
        .AddSingleton<Reloader>()
        .AddSingleton<ReloadPreview>()
        .AddHostedService(s => s.GetRequiredService<Reloader>());
}
