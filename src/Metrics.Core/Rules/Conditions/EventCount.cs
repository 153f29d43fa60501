using System.Globalization;
using Metrics.Formats;
using Metrics.Model;
using Metrics.Query;

namespace Metrics.Rules.Conditions;

/// <summary>How many events, or how many different values of one of their fields, lie in a window that slides.</summary>
/// <param name="Events">Which events.</param>
/// <param name="Over">The window's length.</param>
/// <param name="GroupBy">Full names of the fields by which it is counted apart; empty is all together.</param>
/// <param name="Distinct">Full name of the field whose values are counted; null counts the events.</param>
/// <param name="Bounds">What is out of bounds.</param>
/// <param name="MaxGroups">Groups that are counted apart; the events of all further ones are counted together.</param>
public sealed record EventCount(
    EventFilter Events, TimeSpan Over, IReadOnlyList<string> GroupBy, string? Distinct, Bounds Bounds, int MaxGroups)
    : EventCondition([new EventStep(Events, 1, GroupBy)], Over, GroupBy, MaxGroups)
{
    /// <inheritdoc />
    public override Bounds Bounds { get; init; } = Bounds;

    /// <inheritdoc />
    public override string Text => $"{What} in {Duration.Format(Over)} {Bounds.Text}{Besides}";

    /// <inheritdoc />
    internal override string Remembered => $"{What} in {Over} of {MaxGroups} {EstimatesHeavy}{UnlessEvents}";

    /// <inheritdoc />
    internal override string? ValueField => Distinct;

    /// <summary>Events can be estimated, and only their least number is sure.</summary>
    internal override bool EstimatesHeavy =>
        Distinct is null && Unless.Count == 0 && GroupBy.Count > 0 && Bounds.Kind == ThresholdKind.Above;

    private string What => $"{(Distinct is null ? "count of" : $"different {Distinct} of")} events {Events}{By}";

    /// <inheritdoc />
    public override string Read(double value) => double.IsNaN(value) ? ""
        : $"{ValueUnit.None.Format(value)} {(Distinct is null ? value == 1 ? "event" : "events" : $"different {Distinct}")} "
            + $"in {ValueUnit.FormatTime(Over.TotalSeconds)}";

    /// <inheritdoc />
    public override string Describe(AlertInstance alert)
    {
        string what = Distinct is null ? "events" : $"different {Distinct}";
        bool isLeast = alert.Annotations.ContainsKey(AlertTexts.EstimateAnnotation)
            || (Distinct is not null && alert.Value >= DistinctWindow.MaxValues);
        string min = isLeast ? "at least " : "";
        string judged = $"{min}{FloatText.Format(alert.Value)} {what} in {Duration.Format(Over)}, which {Bounds.Describe(alert)}";
        return alert is { State: not AlertState.Inactive, Events: [var newest, ..] } ? $"{judged}; the newest: {Describe(newest)}" : judged;
    }

    /// <summary>An event on one line: <c>12:00:03 UTC identity.authenticate "Failed password" (event 17)</c>.</summary>
    public static string Describe(Event one)
    {
        string time = DateTimeOffset.FromUnixTimeMilliseconds(one.Time / 1_000_000).ToString("HH:mm:ss", CultureInfo.InvariantCulture);
        string body = one.Body.Length == 0 ? "" : $" {Labels.Quote(one.Body)}";
        return $"{time} UTC {one.Kind}{body}{(one.Id == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $" (event {one.Id})"))}";
    }

    internal override IEventWindow NewWindow()
    {
        long window = (long)Over.TotalMilliseconds;
        if (Unless.Count > 0)
            return new ExcusableWindow(Distinct is not null, window, (long)Wait.TotalMilliseconds);
        return Distinct is null ? new CountWindow(window) : new DistinctWindow();
    }
}
