using Metrics.Model;
using Metrics.Notifiers;
using Metrics.Routing;

namespace Metrics.Alerting;

/// <summary>Puts into words what the dispatcher says who is to be notified of; the daemon and a replay write the same.</summary>
internal static class MessageComposer
{
    private const int CountedKinds = 20;

    /// <summary>The message of a notification.</summary>
    /// <param name="notification">Who is notified of what.</param>
    /// <param name="externalUrl">The address under which people reach us.</param>
    /// <param name="acknowledgement">Who is at an alert, or null.</param>
    public static AlertMessage Compose(Notification notification, string externalUrl, Func<RoutedAlert, Acknowledgement?> acknowledgement)
    {
        List<MessageAlert> alerts = [.. notification.Alerts.Select(a => MessageAlert.Of(a, externalUrl, acknowledgement(a)))];
        TimeSpan after = notification.Integration.After;
        return AlertMessage.Of(notification.Group.ToString(), notification.Group.Labels, alerts, notification.Receiver, externalUrl) with
        {
            Kind = notification.IsOfFlapping ? MessageKind.Flapping : MessageKind.Alerts,
            Note = after > TimeSpan.Zero ? $"Nobody has acknowledged this for {Duration.Format(after)}." : null,
        };
    }

    /// <summary>The message of a digest.</summary>
    /// <inheritdoc cref="Compose(Notification, string, Func{RoutedAlert, Acknowledgement})"/>
    public static AlertMessage Compose(Digest digest, string externalUrl, Func<RoutedAlert, Acknowledgement?> acknowledgement)
    {
        List<MessageAlert> shown = [.. digest.Shown.Select(a => MessageAlert.Of(a, externalUrl, acknowledgement(a)))];
        IEnumerable<string> counts =
            digest.Counts.Take(CountedKinds).Select(c => $"{c.Alerts} {c.AlertName} {(c.IsOver ? "resolved" : "firing")}");
        string key = $"storm:{digest.Id.Integration}:{digest.Id.Start.Milliseconds}";
        return AlertMessage.Of(key, Labels.Empty, shown, digest.Receiver, externalUrl) with
        {
            Kind = MessageKind.Digest,
            Status = digest.Counts.Any(c => !c.IsOver) ? "firing" : "resolved",
            TruncatedAlerts = digest.Alerts - shown.Count,
            Note = $"A storm: {digest.Alerts} alerts in {digest.Messages} more messages within {Duration.Format(digest.Within)}: "
                + $"{string.Join(", ", counts)}.",
        };
    }
}
