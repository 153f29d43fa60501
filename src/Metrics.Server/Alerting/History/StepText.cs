using Metrics.Formats;
using Metrics.Model;
using Metrics.Rules;

namespace Metrics.Alerting;

/// <summary>A step of an alert in words, for its trail: the sample, and the threshold as it was rendered.</summary>
internal static class StepText
{
    public static string Of(AlertRule rule, AlertChange change)
    {
        AlertInstance alert = change.Alert;
        string judged = Judged(rule, alert);
        return alert.State switch
        {
            AlertState.Pending => $"{judged}; fires after {Duration.Format(rule.Policy.For)}",
            AlertState.Firing when change.Before is AlertState.NoData => $"{judged}; there is data again",
            AlertState.Firing => judged,
            AlertState.NoData => "the series gives no value; whether it is over is not known",
            AlertState.Inactive { Reason: EndReason.Expired } => "nothing was heard of the series for so long that the alert is closed",
            AlertState.Inactive { Reason: EndReason.Retired } => "the rule, or what it watches, is no longer there",
            _ => judged,
        };
    }

    private static string Judged(AlertRule rule, AlertInstance alert)
    {
        string value = FloatText.Format(alert.Value);
        if (rule.AbsentFor is { } absent)
            return $"not heard of for {value} s; allowed are {Duration.Format(absent)}{(alert.Annotations.TryGetValue("absence", out string? reason) ? $": {reason}" : "")}";
        if (rule.Learned is { } learned)
            return $"{value} came in {Duration.Format(learned.Window)}; usual for this hour are {FloatText.Format(Math.Round(alert.Bound, 2))}";
        if (double.IsNaN(alert.Value))
            return $"{rule.Expr.Text} gives nothing for it";
        if (rule.Threshold is not { } threshold)
            return $"value {value} of {rule.Expr.Text}";
        bool isBreached = alert.State is not AlertState.Inactive;
        string bound = threshold.Kind == ThresholdKind.Outside ? $"outside, crossing {FloatText.Format(alert.Bound)}" : Threshold.Describe(threshold.Kind, [alert.Bound]);
        return isBreached ? $"value {value} is {bound}" : $"value {value} is no longer {bound}";
    }
}
