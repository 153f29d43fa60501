using Metrics.Model;
using Metrics.Notifiers;
using Metrics.Routing;
using Metrics.Rules.Conditions;

namespace Metrics.Alerting;

/// <summary>What a message says beside what the dispatcher knows.</summary>
/// <param name="ExternalUrl">The address under which people reach us.</param>
/// <param name="Acknowledgement">Who is at an alert, or null.</param>
/// <param name="Condition">What the rule of an alert watches for; null where it is no longer there.</param>
internal sealed record ComposerKnowledge(
    string ExternalUrl, Func<RoutedAlert, Acknowledgement?> Acknowledgement, Func<RuleId, Condition?> Condition)
{
    /// <summary>An alert as it is written.</summary>
    public MessageAlert Write(RoutedAlert alert) =>
        MessageAlert.Of(alert, ExternalUrl, Acknowledgement(alert), Condition(alert.Rule));
}

/// <summary>Puts into words what the dispatcher says who is to be notified of; the daemon and a replay write the same.</summary>
internal static class MessageComposer
{
    private const int CountedKinds = 20;

    /// <summary>The message of a notification.</summary>
    /// <param name="notification">Who is notified of what.</param>
    /// <param name="known">What is known beside it.</param>
    /// <param name="now">When it is written.</param>
    public static AlertMessage Compose(Notification notification, ComposerKnowledge known, Timestamp now)
    {
        List<MessageAlert> alerts = [.. notification.Alerts.Select(known.Write)];
        TimeSpan after = notification.Integration.After;
        string key = notification.Group.ToString();
        return AlertMessage.Of(key, notification.Group.Labels, alerts, notification.Receiver, known.ExternalUrl) with
        {
            At = now.Milliseconds,
            Kind = notification.IsOfFlapping ? MessageKind.Flapping : MessageKind.Alerts,
            Note = after > TimeSpan.Zero ? $"Nobody has acknowledged this for {Duration.Format(after)}." : null,
        };
    }

    /// <summary>The message of a digest.</summary>
    /// <inheritdoc cref="Compose(Notification, ComposerKnowledge, Timestamp)"/>
    public static AlertMessage Compose(Digest digest, ComposerKnowledge known, Timestamp now)
    {
        List<MessageAlert> shown = [.. digest.Shown.Select(known.Write)];
        IEnumerable<string> counts =
            digest.Counts.Take(CountedKinds).Select(c => $"{c.Alerts} {c.AlertName} {(c.IsOver ? "resolved" : "firing")}");
        string key = $"storm:{digest.Id.Integration}:{digest.Id.Start.Milliseconds}";
        return AlertMessage.Of(key, Labels.Empty, shown, digest.Receiver, known.ExternalUrl) with
        {
            At = now.Milliseconds,
            Counts = new AlertCounts(
                digest.Counts.Where(c => !c.IsOver).Sum(c => c.Alerts), digest.Counts.Where(c => c.IsOver).Sum(c => c.Alerts)),
            Kind = MessageKind.Digest,
            Status = digest.Counts.Any(c => !c.IsOver) ? "firing" : "resolved",
            TruncatedAlerts = digest.Alerts - shown.Count,
            Note = $"A storm: {digest.Alerts} alerts in {digest.Messages} more messages within {Duration.Format(digest.Within)}: "
                + $"{string.Join(", ", counts)}.",
        };
    }
}
