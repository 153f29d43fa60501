namespace Metrics.Alerting;
internal static class RuleServices
{
    public static IServiceCollection AddRules(this IServiceCollection services) => services
        .AddSingleton<TrailWriter>()
        .AddHostedService(s => s.GetRequiredService<TrailWriter>())
        .AddSingleton<RulesInForce>()
        .AddSingleton<AlertInbox>()
        .AddSingleton<RuleSurroundings>()
        .AddSingleton<Notifiers.IAlertPictures, AlertPictures>()
        .AddSingleton<Outbox>()
        .AddHostedService(s => s.GetRequiredService<Outbox>())
        .AddSingleton<SilenceBook>()
        .AddSingleton<AckBook>()
        .AddSingleton<AlertTrail>()
        .AddSingleton<RuleHistory>()
        .AddSingleton<SignedLinks>()
        .AddSingleton<AlertRouter>()
        .AddSingleton<AlertBook>()
        .AddSingleton<RuleEngine>()
        .AddHostedService(s => s.GetRequiredService<RuleEngine>())
        .AddHostedService<AlertmanagerHandover>()
        .AddHostedService<Heartbeat>();
}
