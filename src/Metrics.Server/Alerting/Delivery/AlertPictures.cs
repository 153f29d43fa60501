using Metrics.Formats;
using Metrics.Model;
using Metrics.Notifiers;
using Metrics.Query;
using Metrics.Query.Engine;
using Metrics.Querying;
using Metrics.Rules;
using Metrics.Rules.Conditions;
using Metrics.Storage;

namespace Metrics.Alerting;

/// <summary>
/// Draws the metric of an alert over the time around its beginning, with its threshold. What cannot be drawn costs a picture, never a
/// message.
/// </summary>
internal sealed partial class AlertPictures(ActiveRules rules, QueryService queries, ILogger<AlertPictures> log) : IAlertPictures
{
    private const int Points = 240;
    private static readonly TimeSpan s_shortest = TimeSpan.FromHours(1);
    private static readonly TimeSpan s_longest = TimeSpan.FromDays(1);
    private static readonly TimeSpan s_longestAhead = TimeSpan.FromDays(7);
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);

    /// <inheritdoc />
    public async Task<byte[]?> DrawAsync(AlertSource alert, long until, CancellationToken ct)
    {
        string name = alert.Rule;
        try
        {
            if (!rules.All.TryGetValue(RuleId.Parse(name), out AlertRuleState? rule))
                return null;
            name = rule.Rule.Name;
            Condition condition = rule.Rule.Condition;
            if (condition.Drawn is not { } query)
                return null;
            long span = SpanOf(condition, alert, until), step = Math.Max(1000, span / Points / 1000 * 1000);
            QueryResult result = await queries.RangeAsync(query, EvaluationSteps.Between(until - span, until, step), s_patience, ct: ct);
            if (SeriesOf(condition, result, LabelsJson.Read(alert.Series)) is not { Values.Length: > 0 } found)
                return null;
            if (condition is Absence absence)
                found = WithoutSilence(found, alert.Since - (long)absence.For.TotalMilliseconds + step);
            return new AlertPicture
            {
                Title = MessageText.OneLine(query.Text),
                Times = found.Times,
                Values = found.Values,
                Unit = condition.Unit,
                Bound = condition.DrawnBound(alert.Bound ?? double.NaN),
                Since = alert.Since,
                From = until - span,
                Until = until,
                Ahead = condition.Forecast is { } forecast ? AheadOf(condition, forecast, alert, found) : null,
            }.Draw();
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            LogFailed(name, e.Message);
            return null;
        }
    }

    /// <summary>Three times what it has lasted, since it was heard of last; of a forecast half of what lies ahead.</summary>
    private static long SpanOf(Condition condition, AlertSource alert, long until)
    {
        double lasted = until - alert.Since + ((condition as Absence)?.For.TotalMilliseconds ?? 0);
        TimeSpan longest = condition is Absence ? s_longestAhead : s_longest;
        if (condition.Forecast is not { } forecast)
            return (long)Math.Clamp(3 * lasted, s_shortest.TotalMilliseconds, longest.TotalMilliseconds);
        double ahead = condition is Threshold && alert.Value is > 0 and var left ? Math.Min(left * 1000, forecast.Within.TotalMilliseconds)
            : forecast.Within.TotalMilliseconds;
        double least = Math.Max(s_shortest.TotalMilliseconds, forecast.From.TotalMilliseconds);
        return (long)Math.Clamp(ahead / 2, least, Math.Max(least, s_longestAhead.TotalMilliseconds));
    }

    /// <summary>A query goes on giving a value for a while after the last sample.</summary>
    private static RangeSeries WithoutSilence(RangeSeries found, long lastSeen)
    {
        long goesOn = lastSeen + (long)new EngineOptions().Lookback.TotalMilliseconds;
        List<int> kept = [.. Enumerable.Range(0, found.Times.Length).Where(i => found.Times[i] <= lastSeen || found.Times[i] > goesOn)];
        return kept.Count == 0 ? found
            : found with { Times = [.. kept.Select(i => found.Times[i])], Values = [.. kept.Select(i => found.Values[i])] };
    }

    /// <summary>The series of an alert; of what is declared to be there the first that has its labels.</summary>
    private static RangeSeries? SeriesOf(Condition condition, QueryResult result, Labels series) =>
        result.Matrix.FirstOrDefault(s => s.Labels.Without(Labels.MetricName).Equals(series.Without(Labels.MetricName)))
        ?? (condition is Absence { Expect: not null }
            ? result.Matrix.FirstOrDefault(s => ((IEnumerable<Label>)series).All(l => s.Labels[l.Name] == l.Value))
            : null);

    /// <summary>
    /// The line that was judged: to the bound, where the value says when it is reached; to the value, where that says what will be.
    /// </summary>
    private static (long Time, double Value)? AheadOf(Condition condition, Forecast forecast, AlertSource alert, RangeSeries found)
    {
        if (alert.Value is not { } value || !double.IsFinite(found.Values[^1]))
            return null;
        long last = found.Times[^1];
        if (condition is not Threshold)
            return (last + (long)forecast.Within.TotalMilliseconds, value);
        return value > 0 && value <= forecast.Within.TotalSeconds ? (last + (long)(value * 1000), forecast.Reaches) : null;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The picture of {Rule} could not be drawn: {Reason}")]
    private partial void LogFailed(string rule, string reason);
}
