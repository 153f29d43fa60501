using Metrics.Telemetry;

namespace Metrics.Rules;

internal static class RuleServices
{
    public static IServiceCollection AddRules(this IServiceCollection services) => services
        .AddOwnMetrics<RuleMetrics>()
        .AddOwnMetrics<SigmaMetrics>()
        .AddSingleton<SigmaReport>()
        .AddSingleton<ActiveRules>()
        .AddSingleton<RuleEnvironment>()
        .AddSingleton<GroupEvaluator>()
        .AddSingleton<RuleEngine>()
        .AddHostedService(s => s.GetRequiredService<RuleEngine>());
}
