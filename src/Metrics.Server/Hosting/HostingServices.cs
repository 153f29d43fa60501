using Metrics.Alerting;
using Metrics.Configuration;
using Metrics.Telemetry;

namespace Metrics.Hosting;

internal static class HostingServices
{
    /// <summary>
    /// Gives each room its own options: the fixed ones as they are, those that follow a reload as <see cref="Current{T}"/>.
    /// </summary>
    public static IServiceCollection AddConfiguration(
        this IServiceCollection services, ConfigurationSource source, MetricsOptions options) => services
        .AddSingleton(TimeProvider.System)
        .AddSingleton(source)
        .AddSingleton(options)
        .AddSingleton(new Access.ListenAddress(options.Listen))
        .AddSingleton(options.Storage)
        .AddSingleton(options.Head)
        .AddSingleton(options.Query)
        .AddSingleton(new Current<Access.AuthOptions>(options.Auth))
        .AddSingleton(new Current<Rules.RuleOptions>(options.Rules))
        .AddSingleton(new Current<NotificationOptions>(options.Notifications))
        .AddSingleton(new Current<Pollers.TargetSections>(options.Targets))
        .AddSingleton(new Current<Inputs.InputSection>(options.Inputs))
        .AddSingleton(new Current<Storage.Events.EventLogOptions>(options.Events))
        .AddSingleton<ReloadOutcome>();

    /// <summary>What follows a reload; after all rooms, since it knows them.</summary>
    public static IServiceCollection AddReload(this IServiceCollection services) => services
        .AddOwnMetrics<ProcessMetrics>()
        .AddOwnMetrics<ReloadMetrics>()
        .AddSingleton<Reloader>()
        .AddSingleton<ReloadPreview>()
        .AddHostedService(s => s.GetRequiredService<Reloader>());
}
