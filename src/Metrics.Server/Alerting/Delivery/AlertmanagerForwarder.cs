using System.Text.Json;
using Metrics.Configuration;
using Metrics.Model;
using Metrics.Notifiers;
using Metrics.Routing;
using Metrics.Rules;
using Metrics.Scheduling;

namespace Metrics.Alerting;

/// <summary>
/// Hands all open alerts of our rules to Alertmanagers, as Prometheus does: at once when one begins or ends, again every minute while it is
/// open and for a quarter of an hour after its end. An alert that is no longer repeated, since we are dead, ends over there after four
/// minutes. What others have sent is not handed on: two daemons that know each other would keep it alive between them.
/// </summary>
/// <remarks>
/// Prometheus's rules/manager.go (<c>resendDelay</c>, <c>resolvedRetention</c>) and notifier;
/// https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml
/// </remarks>
internal sealed partial class AlertmanagerForwarder(
    ActiveAlerts alerts, Current<NotificationOptions> options, HttpSender http, NotificationMetrics metrics, TimeProvider time,
    ILogger<AlertmanagerForwarder> log) : BackgroundService
{
    private const int BatchSize = 256;
    private static readonly TimeSpan s_look = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan s_resend = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan s_goodFor = TimeSpan.FromMinutes(4);
    private static readonly TimeSpan s_resolvedFor = TimeSpan.FromMinutes(15);

    private readonly WakeSignal _wake = new(time);
    private readonly Dictionary<AlertKey, Handed> _handed = [];
    private readonly HashSet<Uri> _failing = [];

    private sealed record Handed(AlertInstance Alert, Timestamp SentAt, Timestamp? EndedAt);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        alerts.Changed += _wake.Wake;
        while (!stoppingToken.IsCancellationRequested)
        {
            NotificationOptions notifications = options.Value;
            if (notifications.Alertmanagers.Count > 0)
                await metrics.Faults.GuardAsync("alertmanagers", () => HandOverAsync(notifications, stoppingToken), time, stoppingToken);
            await _wake.WaitAsync(s_look, stoppingToken);
        }
    }

    private async Task HandOverAsync(NotificationOptions notifications, CancellationToken ct)
    {
        Timestamp now = Timestamp.Of(time.GetUtcNow());
        List<(AlertKey Key, Handed Alert)> due = Due(now);
        // Every Alertmanager gets all: they are a cluster, and each must know.
        foreach (AlertmanagerOptions manager in notifications.Alertmanagers)
        {
            foreach (Uri url in manager.Urls)
            {
                foreach ((AlertKey Key, Handed Alert)[] batch in due.Chunk(BatchSize))
                {
                    List<object> alerts = [.. batch.Select(a => Write(a.Key, a.Alert, now, notifications)).OfType<object>()];
                    if (alerts.Count == 0)
                        continue;
                    string json = JsonSerializer.Serialize(alerts);
                    Note(url, await http.PostJsonAsync(url, json, manager.Access, manager.Timeout, ct), alerts.Count);
                }
            }
        }
        foreach ((AlertKey key, Handed alert) in due)
            _handed[key] = alert with { SentAt = now };
    }

    private List<(AlertKey, Handed)> Due(Timestamp now)
    {
        var due = new List<(AlertKey, Handed)>();
        var open = new HashSet<AlertKey>();
        foreach (ActiveAlert active in alerts.OfOurRules.Where(a => a.IsOpen))
        {
            var key = new AlertKey(active.Rule, active.Alert.Series);
            open.Add(key);
            Handed? before = _handed.GetValueOrDefault(key);
            if (before is null || before.EndedAt is not null || before.Alert.State.Name != active.Alert.State.Name
                || now - before.SentAt >= s_resend)
                due.Add((key, new Handed(active.Alert, default, null)));
        }
        foreach ((AlertKey key, Handed before) in _handed.Where(h => !open.Contains(h.Key)).ToList())
        {
            Timestamp ended = before.EndedAt ?? now;
            if (now - ended > s_resolvedFor)
                _handed.Remove(key);
            else if (before.EndedAt is null || now - before.SentAt >= s_resend)
                due.Add((key, before with { EndedAt = ended }));
        }
        return due;
    }

    /// <summary>An alert as Alertmanagers see it; null where relabelling drops it.</summary>
    private static object? Write(AlertKey key, Handed handed, Timestamp now, NotificationOptions notifications)
    {
        MessageAlert alert =
            MessageAlert.Of(new RoutedAlert(key.Rule, handed.Alert, handed.Alert.State, now), notifications.ExternalUrl);
        var labels = new Dictionary<string, string>(alert.Labels);
        foreach (Label label in notifications.ExternalLabels)
            labels.TryAdd(label.Name, label.Value);
        return !RelabelRule.Apply(notifications.AlertRelabel, labels) ? null : new
        {
            labels,
            annotations = alert.Annotations,
            startsAt = alert.StartsAt,
            endsAt = (handed.EndedAt ?? now + s_goodFor).ToString(),
            generatorURL = alert.GeneratorUrl,
        };
    }

    private void Note(Uri url, Delivery delivery, int handed)
    {
        metrics.Deliveries.WithLabels("alertmanager", delivery.Status.ToString().ToLowerInvariant()).Inc();
        if (delivery.Status == DeliveryStatus.Sent)
        {
            if (_failing.Remove(url))
                LogBack(url.Authority);
        }
        else if (_failing.Add(url))
        {
            LogFailing(handed, url.Authority, delivery.Reason ?? "no reason given");
        }
    }

    [LoggerMessage(
        Level = LogLevel.Warning, Message = "{Alerts} alerts could not be handed to the Alertmanager {Address}, and are again: {Reason}")]
    private partial void LogFailing(int alerts, string address, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "The Alertmanager {Address} takes alerts again")]
    private partial void LogBack(string address);
}
