namespace Metrics.Alerting;
internal static class RuleServices
{
    public static IServiceCollection AddRules(this IServiceCollection services) => services
        .AddSingleton<ActiveRules>()
        .AddSingleton<RuleEnvironment>()
        .AddSingleton<RuleHistory>()
        .AddSingleton<RuleEngine>()
        .AddHostedService(s => s.GetRequiredService<RuleEngine>());
}
