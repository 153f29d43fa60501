using Metrics.Rules;

namespace Metrics.Alerting;

internal static class AlertingServices
{
    public static IServiceCollection AddAlerting(this IServiceCollection services) => services
        .AddSingleton<HistoryWriter>()
        .AddHostedService(s => s.GetRequiredService<HistoryWriter>())
        .AddSingleton<ActiveRules>()
        .AddSingleton<AlertInbox>()
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
        .AddSingleton<AlertWriter>()
        .AddSingleton<IEvaluationSink>(s => s.GetRequiredService<AlertWriter>())
        .AddHostedService(s => s.GetRequiredService<AlertWriter>())
        .AddHostedService<AlertmanagerForwarder>()
        .AddHostedService<Heartbeat>();
}
