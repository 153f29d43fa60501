namespace Metrics.Configuration;

internal static class ConfigurationServices
{
    public static IServiceCollection AddConfiguration(this IServiceCollection services, ConfigurationSource source, MetricsOptions options) =>
        services.AddSingleton(TimeProvider.System).AddSingleton(source).AddSingleton(options).AddSingleton(new CurrentOptions(options));
}
