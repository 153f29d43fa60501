using Metrics.Configuration;
using Metrics.Model;
using Metrics.Notifiers;
using Metrics.Rules;

namespace Metrics.Alerting;

/// <summary>
/// The dead man's switch: a message in regular intervals to a receiver outside, which raises the alarm when it stops. It is sent only while
/// rules are evaluated, and never queued: an old heartbeat would be a lie.
/// </summary>
internal sealed partial class Heartbeat(
    Current<NotificationOptions> options, RuleEngine engine, AlertWriter writer, NotifierTools tools, NotificationMetrics metrics,
    TimeProvider time, ILogger<Heartbeat> log) : BackgroundService
{
    private static readonly TimeSpan s_stuck = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan s_idle = TimeSpan.FromSeconds(15);

    private readonly string _startedAt = Timestamp.Of(time.GetUtcNow()).ToString();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            NotificationOptions notifications = options.Value;
            await metrics.Faults.GuardAsync("heartbeat", () => BeatAsync(notifications, stoppingToken), time, stoppingToken);
            TimeSpan pause = notifications.Heartbeat?.Interval ?? s_idle;
            await Task.Delay(pause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task BeatAsync(NotificationOptions notifications, CancellationToken ct)
    {
        if (notifications.Heartbeat is not { } heartbeat || notifications.NotifiersOf(heartbeat.Receiver) is not { Count: > 0 } notifiers)
            return;
        if (time.GetElapsedTime(Math.Min(engine.LastRound, writer.LastLook)) < s_stuck)
            await Task.WhenAll(notifiers.Select(n => BeatAsync(n, notifications.ExternalUrl, ct)));
        else
            LogStuck(heartbeat.Receiver);
    }

    private async Task BeatAsync(NamedNotifier notifier, string externalUrl, CancellationToken ct)
    {
        AlertMessage message = AlertMessage.Of("heartbeat", Labels.Of(new Label("alertname", "Watchdog")), [new MessageAlert
        {
            Status = "firing",
            Labels = new Dictionary<string, string> { ["alertname"] = "Watchdog", ["severity"] = "none" },
            Annotations = new Dictionary<string, string>
            {
                ["summary"] = "metricsd is alive and evaluates its rules. When this message stops, it does not.",
            },
            StartsAt = _startedAt,
            EndsAt = AlertMessage.NoTime,
            GeneratorUrl = $"{externalUrl}/",
            Fingerprint = "heartbeat",
        }], notifier.Id.Receiver, externalUrl);
        Delivery delivery;
        try
        {
            delivery = await notifier.Notifier.SendAsync(message, Guid.NewGuid().ToString("N"), tools, ct);
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            delivery = Delivery.Retry(e.Message);
        }
        metrics.Heartbeats.WithLabels(delivery.Status.ToString().ToLowerInvariant()).Inc();
        if (delivery.Status != DeliveryStatus.Sent)
            LogMissed(notifier.Id.ToString(), delivery.Reason ?? "no reason given");
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The heartbeat to {Target} failed: {Reason}")]
    private partial void LogMissed(string target, string reason);

    [LoggerMessage(
        Level = LogLevel.Critical,
        Message = "No rule was evaluated for minutes: the heartbeat to {Receiver} is held back, so that somebody comes")]
    private partial void LogStuck(string receiver);
}
