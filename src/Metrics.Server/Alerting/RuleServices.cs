namespace Metrics.Alerting;
internal static class RuleServices
{
    public static IServiceCollection AddRules(this IServiceCollection services) => services
        .AddSingleton<HistoryWriter>()
        .AddHostedService(s => s.GetRequiredService<HistoryWriter>())
        .AddSingleton<ActiveRules>()
        .AddSingleton<AlertInbox>()
        .AddSingleton<RuleEnvironment>()
        .AddSingleton<Notifiers.IAlertPictures, AlertPictures>()
        .AddSingleton<Outbox>()
        .AddHostedService(s => s.GetRequiredService<Outbox>())
        .AddSingleton<Silences>()
        .AddSingleton<Acknowledgements>()
        .AddSingleton<AlertHistory>()
        .AddSingleton<RuleHistory>()
        .AddSingleton<SignedLinks>()
        .AddSingleton<AlertRouter>()
        .AddSingleton<AlertPersistence>()
        .AddSingleton<RuleEngine>()
        .AddHostedService(s => s.GetRequiredService<RuleEngine>())
        .AddHostedService<AlertmanagerForwarder>()
        .AddHostedService<Heartbeat>();
}
