using Metrics.Series;

namespace Metrics.Routing;

/// <summary>Who is notified of which alert, and when not.</summary>
/// <param name="Root">The routing tree.</param>
/// <param name="Inhibits">Alerts that mute others.</param>
/// <param name="TimeIntervals">Parts of the calendar by name.</param>
public sealed record RoutingOptions(
    Route Root, IReadOnlyList<InhibitRule> Inhibits, IReadOnlyDictionary<string, IReadOnlyList<TimeInterval>> TimeIntervals)
{
    /// <summary>Id of the route that takes the news that a receiver cannot be reached to the others.</summary>
    public const string ReceiverDownRoute = "{}/receiver-down";

    /// <summary>Name of that alert.</summary>
    public const string ReceiverDownAlert = "MetricsdReceiverDown";

    /// <summary>Nobody is notified of anything.</summary>
    public static readonly RoutingOptions None =
        new(new Route { Id = "{}", Receiver = "" }, [], new Dictionary<string, IReadOnlyList<TimeInterval>>());

    /// <summary>Planned times that come again.</summary>
    public IReadOnlyList<MaintenanceWindow> Maintenance { get; init; } = [];

    /// <summary>
    /// When an alert counts as flapping. Default: never; the configuration's default is six changes within 1 h, until it is quiet for 15
    /// min.
    /// </summary>
    public FlapPolicy Flapping { get; init; } = FlapPolicy.Off;

    /// <summary>
    /// How many messages people get before the rest becomes a digest. Default: any number; the configuration's default is 20 within 1 min.
    /// </summary>
    public StormOptions Storm { get; init; } = new(0, TimeSpan.Zero);

    /// <summary>Who is notified when another receiver cannot be reached; null is all others.</summary>
    public string? FailureReceiver { get; init; }

    /// <summary>The tree with a route before all others: that a receiver cannot be reached is not reported by it.</summary>
    public Route WithReceiverDown() => Root with
    {
        Routes =
        [
            new Route
            {
                Id = ReceiverDownRoute,
                Receiver = Root.Receiver,
                AllReceiversBut = "receiver",
                Matchers = [new LabelMatcher("alertname", MatchKind.Equal, ReceiverDownAlert)],
                GroupBy = new HashSet<string> { "alertname", "receiver" },
                GroupWait = TimeSpan.Zero,
                GroupInterval = TimeSpan.FromMinutes(5),
                RepeatInterval = TimeSpan.FromHours(4),
            },
            .. Root.Routes,
        ],
    };
}
