using Metrics.Alerting;
using Metrics.Configuration;

namespace Metrics.Notifiers;

/// <summary>One integration of a receiver, named <c>RECEIVER/KIND/NUMBER</c>.</summary>
internal sealed record NotifierTarget(string Key, bool SendResolved)
{
    public static IEnumerable<NotifierTarget> Of(ReceiverOptions receiver) =>
    [
        .. receiver.Emails.Select((e, i) => new NotifierTarget($"{receiver.Name}/email/{i}", e.SendResolved)),
        .. receiver.Webhooks.Select((w, i) => new NotifierTarget($"{receiver.Name}/webhook/{i}", w.SendResolved)),
    ];
}

/// <summary>Finds the notifier of an integration and lets it send once.</summary>
internal sealed class NotifierCatalog(CurrentOptions options, EmailNotifier email, WebhookNotifier webhook)
{
    public async Task<Delivery> DeliverAsync(string target, WebhookMessage message, string idempotencyKey, CancellationToken ct)
    {
        string[] parts = target.Split('/');
        string name = string.Join('/', parts[..^2]);
        ReceiverOptions? receiver = options.Value.Notifications.Receivers.FirstOrDefault(r => r.Name == name);
        int number = int.Parse(parts[^1], System.Globalization.CultureInfo.InvariantCulture);
        return parts[^2] switch
        {
            "email" when number < receiver?.Emails.Count => await email.SendAsync(receiver.Emails[number], message, idempotencyKey, ct),
            "webhook" when number < receiver?.Webhooks.Count => await webhook.SendAsync(receiver.Webhooks[number], message, idempotencyKey, ct),
            _ => new Delivery(DeliveryStatus.Rejected, "the configuration has no such receiver any more"),
        };
    }
}
