using Metrics.Model;
using Metrics.Rules;

namespace Metrics.Alerting;

/// <summary>A step of an alert in words, for its history: the sample, and the threshold as it was rendered.</summary>
internal static class StepText
{
    /// <summary>Of an alert whose rule is gone.</summary>
    public const string Retired = "the rule, or what it watches, is no longer there";

    public static string Of(AlertRule rule, AlertChange change)
    {
        AlertInstance alert = change.Alert;
        string judged = rule.Condition.Describe(alert);
        return alert.State switch
        {
            AlertState.Pending => $"{judged}; fires after {Duration.Format(rule.Policy.For)}",
            AlertState.Firing when change.Before is AlertState.NoData => $"{judged}; there is data again",
            AlertState.Firing => judged,
            AlertState.NoData => "the series gives no value; whether it is over is not known",
            AlertState.Inactive { Reason: EndReason.Expired } => "nothing was heard of the series for so long that the alert is closed",
            AlertState.Inactive { Reason: EndReason.Retired } => Retired,
            _ => judged,
        };
    }
}
