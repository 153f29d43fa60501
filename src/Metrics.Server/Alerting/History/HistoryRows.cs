using Metrics.Formats;
using Metrics.Routing;
using Metrics.Rules;
using Metrics.Storage;
using Metrics.Storage.State;

namespace Metrics.Alerting;

/// <summary>What happened to alerts, as rows of the history.</summary>
internal static class HistoryRows
{
    /// <summary>A row's word for a message that somebody was to get.</summary>
    public const string Message = "message";

    /// <summary>A step of an alert.</summary>
    /// <param name="step">The alert after the step.</param>
    /// <param name="text">What was seen.</param>
    /// <param name="placement">Where it goes, when it has come by this step.</param>
    public static TrailRow Of(RoutedAlert step, string text, AlertPlacement? placement) => new()
    {
        At = step.At,
        Subject = step.Id.ToString(),
        What = WordOf(step.Alert.State),
        Text = placement is null ? text : $"{text}; {placement.Text}",
        Ref = step.Rule.ToString(),
        Members = LabelsJson.Write(step.Alert.Series),
        Groups = placement is null ? null : Groups(placement),
    };

    /// <summary>Something that happened to an alert on its way.</summary>
    public static TrailRow Of(HistoryLine line)
    {
        (string what, string text, string? groups) = line switch
        {
            HistoryLine.Grouped grouped => ("grouped", grouped.Placement.Text, Groups(grouped.Placement)),
            HistoryLine.Muted muted => ("muted", muted.Reason.ToString(), null),
            _ => ("heard", "no longer muted", null),
        };
        return new TrailRow { At = line.At, Subject = line.Alert.ToString(), What = what, Text = text, Groups = groups };
    }

    /// <summary>A message that somebody was to get.</summary>
    /// <param name="notification">Who was notified of what.</param>
    /// <param name="key">The message's idempotency key.</param>
    /// <param name="now">Milliseconds since 1970 UTC.</param>
    public static TrailRow Of(Notification notification, string key, long now)
    {
        int over = notification.Alerts.Count(a => a.IsOver);
        string text = $"to {notification.Integration.Id}: {notification.Alerts.Count - over} firing, {over} over";
        return new TrailRow
        {
            At = now,
            Subject = notification.Group.ToString(),
            What = Message,
            Text = notification.Digest is null ? text : $"{text}, in a digest",
            Ref = key,
            Members = AlertId.Write(notification.Alerts.Select(a => a.Id)),
        };
    }

    private static string Groups(AlertPlacement placement) => string.Join('\n', placement.Groups);

    private static string WordOf(AlertState state) => state is not AlertState.Inactive ended ? state.Name : ended.Reason switch
    {
        EndReason.Expired => "expired",
        EndReason.Retired => "retired",
        EndReason.Resolved => "resolved",
        _ => "cleared",
    };
}
