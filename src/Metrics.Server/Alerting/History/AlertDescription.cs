using Metrics.Configuration;
using Metrics.Formats;
using Metrics.Model;
using Metrics.Routing;
using Metrics.Rules;
using Metrics.Rules.Conditions;

namespace Metrics.Alerting;

/// <summary>
/// Says in sentences how an alert is now: its rule, its value, where it goes, what mutes it, who is at it. Safe for use by several threads.
/// </summary>
internal sealed class AlertDescription(
    ActiveRules rules, ActiveAlerts alerts, Acknowledgements acks, Current<NotificationOptions> options, TimeProvider time)
{
    /// <summary>How a rule is.</summary>
    public static IReadOnlyList<string> Describe(AlertRuleState rule) =>
    [
        $"rule {rule.Rule.Name} ({rule.Rule.Location}): {rule.Rule.Text}",
        rule switch
        {
            { Error: { } error } => $"it is in error: {error}",
            { LastAt: 0 } => "it has not been evaluated yet",
            _ => $"last evaluated at {new Timestamp(rule.LastAt)} in {rule.LastDuration.TotalMilliseconds:0.#} ms; "
                + $"{rule.Alerts.Count} alerts are pending, firing or without data",
        },
        .. rule.Memory.Status is { } status ? [$"it remembers {status}"] : Array.Empty<string>(),
    ];

    /// <summary>How an alert is.</summary>
    /// <param name="key">Which.</param>
    /// <param name="alert">The alert; null when it is neither pending nor firing.</param>
    public IReadOnlyList<string> Describe(AlertKey key, AlertInstance? alert)
    {
        AlertRuleState? rule = rules.All.GetValueOrDefault(key.Rule);
        var lines = new List<string>();
        if (key.Rule.IsOfOthers)
            lines.Add(alert?.GeneratorUrl is { Length: > 0 } url ? $"judged and sent by others: {url}" : "judged and sent by others");
        else if (rule is null)
            lines.Add("its rule is no longer there");
        else
            lines.AddRange(Describe(rule));
        if (alert is null)
            return [.. lines, "it is neither pending nor firing"];
        if (rule is not null)
            lines.Add(Judged(rule.Rule, alert));
        AddRoutes(lines, alert);
        if (acks.Find(new RoutedAlert(key.Rule, alert, alert.State, default)) is { } ack)
            lines.Add($"acknowledged by {ack.By} at {ack.At}: it is neither repeated nor escalated");
        return lines;
    }

    private static string Judged(AlertRule rule, AlertInstance alert)
    {
        if (alert.State is AlertState.Pending pending)
            return $"pending since {new Timestamp(pending.Since)}; it fires when it stays so for {Duration.Format(rule.Policy.For)}";
        string bound = double.IsNaN(alert.Bound) ? "" : $", its bound {FloatText.Format(alert.Bound)}";
        string evidence = alert.Events is [var newest, ..] ? $"; the newest event: {EventCount.Describe(newest)}" : "";
        return $"{alert.State.Name}; the value judged last is {FloatText.Format(alert.Value)}{bound}{evidence}";
    }

    private void AddRoutes(List<string> lines, AlertInstance alert)
    {
        Timestamp now = Timestamp.Of(time.GetUtcNow());
        NotificationOptions notifications = options.Value;
        Suppression suppression = alerts.SuppressionNow(notifications);
        foreach (Route route in notifications.Plan.Tree.Match(alert.Labels))
        {
            lines.Add(route.Describe(route.GroupOf(alert.Labels)));
            if (suppression.Reason(route, now) is { } mute)
                lines.Add($"nobody is notified now: {mute}");
        }
        if (suppression.Reason(alert.Labels, now) is { } reason)
            lines.Add($"nobody is notified now: {reason}");
    }
}
