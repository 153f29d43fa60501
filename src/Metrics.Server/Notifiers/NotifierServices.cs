namespace Metrics.Notifiers;

internal static class NotifierServices
{
    public static IServiceCollection AddNotifiers(this IServiceCollection services) => services
        .AddSingleton<HttpSender>()
        .AddSingleton<NotifierTools>();
}
