using Metrics.Formats;
using Metrics.Model;
using Metrics.Notifiers;
using Metrics.Routing;
using Metrics.Rules;
using Metrics.Storage;
using Metrics.Storage.State;

namespace Metrics.Alerting;

/// <summary>What happened to alerts, as rows of the history.</summary>
internal static class HistoryRows
{
    /// <summary>The state of an alert that fires, as a step names it.</summary>
    public const string Firing = "firing";

    /// <summary>A step of an alert.</summary>
    /// <param name="step">The alert after the step.</param>
    /// <param name="text">What was seen.</param>
    /// <param name="placement">Where it goes, when it has come by this step.</param>
    public static AlertStepRow Of(RoutedAlert step, string text, AlertPlacement? placement) => new()
    {
        At = step.At.Milliseconds,
        Alert = step.Id.ToString(),
        Rule = step.Rule.ToString(),
        RuleName = step.Rule.Name,
        Series = LabelsJson.Write(step.Alert.Series),
        State = WordOf(step.Alert.State),
        Text = placement is null ? text : $"{text}; {placement.Text}",
    };

    /// <summary>Something that happened to an alert on its way.</summary>
    public static AlertNoteRow Of(HistoryLine line)
    {
        (string what, string text) = line switch
        {
            HistoryLine.Grouped grouped => ("grouped", grouped.Placement.Text),
            HistoryLine.Muted muted => ("muted", muted.Reason.ToString()),
            _ => ("heard", "no longer muted"),
        };
        return new AlertNoteRow { At = line.At.Milliseconds, Alert = line.Alert.ToString(), What = what, Text = text };
    }

    /// <summary>A message that somebody was to get.</summary>
    /// <param name="notification">Who was notified of what.</param>
    /// <param name="id">The row's number.</param>
    /// <param name="key">The message's idempotency key.</param>
    /// <param name="now">When.</param>
    public static NotificationRow Of(Notification notification, long id, string key, Timestamp now)
    {
        int over = notification.Alerts.Count(a => a.IsOver);
        return new NotificationRow
        {
            Id = id,
            At = now.Milliseconds,
            Key = key,
            Integration = notification.Integration.Id.ToString(),
            GroupKey = notification.Group.ToString(),
            Alerts = AlertId.Write(notification.Alerts.Select(a => a.Id)),
            Firing = notification.Alerts.Count - over,
            Over = over,
            IsDigest = notification.Digest is not null,
        };
    }

    /// <summary>A try to send a message.</summary>
    /// <param name="delivery">How it went.</param>
    /// <param name="integration">To whom.</param>
    /// <param name="message">The message's idempotency key.</param>
    /// <param name="now">When.</param>
    public static DeliveryTryRow Of(Delivery delivery, string integration, string message, Timestamp now) => new()
    {
        At = now.Milliseconds,
        Message = message,
        Integration = integration,
        Status = delivery.Status.ToString().ToLowerInvariant(),
        Reason = delivery.Reason,
    };

    private static string WordOf(AlertState state) => state is not AlertState.Inactive ended ? state.Name : ended.Reason switch
    {
        EndReason.Expired => "expired",
        EndReason.Retired => "retired",
        EndReason.Resolved => "resolved",
        _ => "cleared",
    };
}
