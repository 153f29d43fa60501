using Metrics.Model;
using Metrics.Series;

namespace Metrics.Routing;

/// <summary>A further receiver, notified of alerts that nobody has acknowledged.</summary>
/// <param name="After">How long after an alert fired.</param>
/// <param name="Receiver">Who.</param>
public sealed record EscalationStep(TimeSpan After, string Receiver);

/// <summary>
/// A node of the routing tree. An alert goes down from the root: the first child that matches takes it, further children too while
/// <see cref="Continue"/> says so; where no child matches, the node itself is the end.
/// </summary>
/// <remarks>https://prometheus.io/docs/alerting/latest/configuration/#route</remarks>
public sealed record Route
{
    /// <summary>
    /// Its place in the tree and its matchers, such as <c>{}/{team="db"}/0</c>: tells routes apart, also after a restart.
    /// </summary>
    public required string Id { get; init; }

    /// <summary>What an alert must meet, besides what the nodes above ask for.</summary>
    public IReadOnlyList<LabelMatcher> Matchers { get; init; } = [];

    /// <summary>Who is notified; empty when no receiver is configured.</summary>
    public required string Receiver { get; init; }

    /// <summary>
    /// The label that names a receiver who is passed over while all others are notified, in place of <see cref="Receiver"/>; null, the
    /// default, is a common route.
    /// </summary>
    public string? AllReceiversBut { get; init; }

    /// <summary>Alerts with the same values of these labels go into one message; null is all labels, each alert for itself.</summary>
    public IReadOnlySet<string>? GroupBy { get; init; } = new HashSet<string>();

    /// <summary>How long the first alert of a group waits for others. Default 30 s.</summary>
    public TimeSpan GroupWait { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long after a look at a group the next one follows; zero is whenever something changes. Default 5 min.</summary>
    public TimeSpan GroupInterval { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>After how long people are reminded of what has not changed. Default 4 h.</summary>
    public TimeSpan RepeatInterval { get; init; } = TimeSpan.FromHours(4);

    /// <summary>Names of the intervals in which nobody is notified.</summary>
    public IReadOnlyList<string> MuteTimeIntervals { get; init; } = [];

    /// <summary>Names of the intervals outside of which nobody is notified; none is always.</summary>
    public IReadOnlyList<string> ActiveTimeIntervals { get; init; } = [];

    /// <summary>Who is notified in addition when nobody has acknowledged an alert for a while.</summary>
    public IReadOnlyList<EscalationStep> Escalation { get; init; } = [];

    /// <summary>Whether an alert that matched here goes to the following siblings too.</summary>
    public bool Continue { get; init; }

    /// <summary>The nodes below, in order.</summary>
    public IReadOnlyList<Route> Routes { get; init; } = [];

    /// <summary>Where an alert with these labels ends; nothing when it does not match here.</summary>
    public IReadOnlyList<Route> Match(Labels labels)
    {
        var ends = new List<Route>();
        Match(labels, ends);
        return ends;
    }

    /// <summary>The labels that make the group of an alert.</summary>
    public Labels GroupOf(Labels labels) =>
        GroupBy is null ? labels : Labels.Of([.. ((IEnumerable<Label>)labels).Where(l => GroupBy.Contains(l.Name))]);

    /// <summary>Whether an alert that goes this way ends here, with nobody: no receiver is configured.</summary>
    public bool NotifiesNobody => Receiver.Length == 0 && AllReceiversBut is null;

    /// <summary>What is said of an alert that goes this way, or that goes nowhere since no receiver is configured.</summary>
    /// <param name="group">Labels of the alert's group.</param>
    public string Describe(Labels group) => NotifiesNobody
        ? "no receiver is configured: nobody is notified"
        : $"goes to {(AllReceiversBut is null ? Receiver : "all other receivers")} by route {Id}, together with alerts of {group}";

    /// <summary>This node and all below it, the node first.</summary>
    public IEnumerable<Route> All() => Routes.SelectMany(r => r.All()).Prepend(this);

    private bool Match(Labels labels, List<Route> ends)
    {
        foreach (LabelMatcher matcher in Matchers)
        {
            if (!matcher.Matches(labels))
                return false;
        }
        int before = ends.Count;
        foreach (Route child in Routes)
        {
            if (child.Match(labels, ends) && !child.Continue)
                break;
        }
        if (ends.Count == before)
            ends.Add(this);
        return true;
    }
}
