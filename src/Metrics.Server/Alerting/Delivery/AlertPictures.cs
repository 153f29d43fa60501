using System.Globalization;
using Metrics.Formats;
using Metrics.Model;
using Metrics.Notifiers;
using Metrics.Query;
using Metrics.Query.Engine;
using Metrics.Querying;
using Metrics.Rules;
using Metrics.Storage;
using ScottPlot;

namespace Metrics.Alerting;

/// <summary>
/// Draws the metric of an alert over the time around its beginning, with its threshold. What cannot be drawn costs a picture, never a
/// message.
/// </summary>
internal sealed partial class AlertPictures(ActiveRules rules, QueryService queries, ILogger<AlertPictures> log) : IAlertPictures
{
    private const int Width = 1280;
    private const int Height = 520;
    private const int Points = 240;
    private static readonly TimeSpan s_shortest = TimeSpan.FromHours(1);
    private static readonly TimeSpan s_longest = TimeSpan.FromDays(1);
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);

    /// <inheritdoc />
    public async Task<byte[]?> DrawAsync(AlertSource alert, long until, CancellationToken ct)
    {
        if (!rules.All.TryGetValue(RuleId.Parse(alert.Rule), out AlertRuleState? rule))
            return null;
        try
        {
            if (rule.Rule.Condition.Drawn is not { } query)
                return null;
            long span = Math.Clamp(3 * (until - alert.Since), (long)s_shortest.TotalMilliseconds, (long)s_longest.TotalMilliseconds);
            long step = Math.Max(1000, span / Points / 1000 * 1000);
            QueryResult result = await queries.RangeAsync(query, EvaluationSteps.Between(until - span, until, step), s_patience, ct: ct);
            Labels series = LabelsJson.Read(alert.Series);
            RangeSeries? found = result.Matrix.FirstOrDefault(s => s.Labels.Without(Labels.MetricName).Equals(series));
            return found is null
                ? null
                : Draw(rule.Rule, query.Text, found, rule.Rule.Condition.DrawnBound(alert.Bound ?? double.NaN), alert.Since);
        }
        catch (Exception e) when (e is QueryException or DllNotFoundException or TypeInitializationException)
        {
            LogFailed(rule.Rule.Name, e.Message);
            return null;
        }
    }

    private static byte[] Draw(AlertRule rule, string expression, RangeSeries series, double bound, long since)
    {
        using var plot = new Plot();
        double[] times = [.. series.Times.Select(DateOf)];
        ScottPlot.Plottables.Scatter line = plot.Add.Scatter(times, series.Values);
        (line.LineWidth, line.MarkerSize, line.Color) = (3, series.Values.Length == 1 ? 10 : 0, Color.FromHex("#1f5fa8"));
        if (double.IsFinite(bound))
        {
            ScottPlot.Plottables.HorizontalLine threshold = plot.Add.HorizontalLine(bound, 3, Color.FromHex("#b00020"), LinePattern.Dashed);
            threshold.LabelText = Formats.FloatText.Format(Math.Round(bound, 3));
            threshold.LabelOppositeAxis = true;
            threshold.LabelFontSize = 22;
            threshold.LabelRotation = 0;
            threshold.LabelAlignment = Alignment.MiddleLeft;
        }
        if (since > 0)
            plot.Add.VerticalLine(DateOf(since), 2, Color.FromHex("#777777"), LinePattern.Dotted);
        plot.Axes.DateTimeTicksBottom().TickGenerator = new ScottPlot.TickGenerators.DateTimeAutomatic
        {
            LabelFormatter = t => t.ToString("HH:mm", CultureInfo.InvariantCulture),
        };
        plot.Axes.Bottom.Label.Text = string.Create(CultureInfo.InvariantCulture, $"{DateTime.FromOADate(times[^1]):yyyy-MM-dd}, UTC");
        (plot.Axes.Bottom.Label.FontSize, plot.Axes.Bottom.TickLabelStyle.FontSize, plot.Axes.Left.TickLabelStyle.FontSize) = (22, 22, 22);
        plot.Axes.Margins(0, 0.15);
        plot.Title(Shorten($"{rule.Name}: {expression}"), 24);
        (plot.Axes.Right.MinimumSize, plot.Axes.Left.MinimumSize) = (110, 90);
        return plot.GetImage(Width, Height).GetImageBytes(ImageFormat.Png);
    }

    private static double DateOf(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds).UtcDateTime.ToOADate();

    private static string Shorten(string text) => text.Length <= 90 ? text : text[..89] + "…";

    [LoggerMessage(Level = LogLevel.Warning, Message = "The picture of {Rule} could not be drawn: {Reason}")]
    private partial void LogFailed(string rule, string reason);
}
