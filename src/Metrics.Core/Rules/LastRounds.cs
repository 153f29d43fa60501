using Metrics.Model;
using Metrics.Series;

namespace Metrics.Rules;

/// <summary>
/// When groups were evaluated last, as a series that is stored like any other: so the next start knows which rounds were missed, and people
/// see it in their queries.
/// </summary>
public static class LastRounds
{
    /// <summary>Name of the series; its value is Unix seconds.</summary>
    public const string Metric = "metricsd_rule_group_last_evaluation_timestamp_seconds";

    /// <summary>The series of a group.</summary>
    /// <remarks>With the job of our own metrics, among which it belongs.</remarks>
    public static Labels SeriesOf(RuleGroup group) =>
        Labels.Of(Metric, ("job", "metricsd"), ("rule_group", $"{Path.GetFileName(group.File)};{group.Name}"));

    /// <summary>When a group was evaluated last, milliseconds since 1970 UTC; 0 when the head knows nothing of it.</summary>
    public static long Of(RuleGroup group, Head head) => head.Find(SeriesOf(group))?.Last is { Time: > 0 } last ? last.Time : 0;
}
