using Metrics.Notifiers;
using Metrics.Rules;
using Metrics.Telemetry;

namespace Metrics.Alerting;

/// <summary>What becomes of verdicts: who is notified, when and how, and that it is remembered.</summary>
internal static class AlertingServices
{
    public static IServiceCollection AddAlerting(this IServiceCollection services) => services
        .AddOwnMetrics<AlertMetrics>()
        .AddOwnMetrics<NotificationMetrics>()
        .AddSingleton<HistoryWriter>()
        .AddHostedService(s => s.GetRequiredService<HistoryWriter>())
        .AddSingleton<AlertHistory>()
        .AddSingleton<AlertDescription>()
        .AddSingleton<AlertInbox>()
        .AddSingleton<ExternalAlerts>()
        .AddSingleton<ActiveAlerts>()
        .AddSingleton<RuleHistory>()
        .AddSingleton<IAlertPictures, AlertPictures>()
        .AddSingleton<SignedLinks>()
        .AddSingleton<Outbox>()
        .AddHostedService(s => s.GetRequiredService<Outbox>())
        .AddSingleton<Silences>()
        .AddSingleton<Acknowledgements>()
        .AddSingleton<RuleMemory>()
        .AddSingleton<DispatchCommitter>()
        .AddSingleton<AlertPersistence>()
        .AddSingleton<AlertWriter>()
        .AddSingleton<IEvaluationSink>(s => s.GetRequiredService<AlertWriter>())
        .AddHostedService(s => s.GetRequiredService<AlertWriter>())
        .AddHostedService<AlertmanagerForwarder>()
        .AddHostedService<Heartbeat>();
}
