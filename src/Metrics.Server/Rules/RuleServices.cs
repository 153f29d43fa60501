namespace Metrics.Rules;

internal static class RuleServices
{
    public static IServiceCollection AddRules(this IServiceCollection services) => services
        .AddSingleton<RuleEnvironment>()
        .AddSingleton<GroupEvaluator>()
        .AddSingleton<RuleEngine>()
        .AddHostedService(s => s.GetRequiredService<RuleEngine>());
}
