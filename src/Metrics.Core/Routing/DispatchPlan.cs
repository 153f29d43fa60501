using Metrics.Model;

namespace Metrics.Routing;

/// <summary>What a <see cref="Dispatcher"/> goes by: where alerts go, and who is there to be notified. Immutable.</summary>
/// <param name="Routing">Routes, and what mutes.</param>
/// <param name="Receivers">Those who can be notified.</param>
public sealed record DispatchPlan(RoutingOptions Routing, IReadOnlyList<Receiver> Receivers)
{
    /// <summary>Nobody is notified of anything.</summary>
    public static readonly DispatchPlan None = new(RoutingOptions.None, []);

    /// <summary>The routing tree that alerts go through.</summary>
    public Route Tree { get; } = Receivers.Count > 1 ? Routing.WithReceiverDown() : Routing.Root;

    /// <summary>The integrations of a receiver; none when there is no such receiver.</summary>
    public IReadOnlyList<Integration> IntegrationsOf(string receiver) =>
        Receivers.FirstOrDefault(r => r.Name == receiver)?.Integrations ?? [];

    /// <summary>
    /// The integrations of all receivers but one, for the news that this one cannot be reached: of the receiver that the configuration
    /// names, else of all.
    /// </summary>
    public IReadOnlyList<Integration> OthersThan(string receiver) =>
        [.. Receivers.Where(r => r.Name != receiver && IsForFailuresOf(receiver, r)).SelectMany(r => r.Integrations)];

    /// <summary>
    /// Who is notified of a group: the route's receiver, and those of its steps of escalation; each once, by its first step.
    /// </summary>
    public IReadOnlyList<Integration> IntegrationsOf(Route route, Labels group)
    {
        if (route.AllReceiversBut is { } label)
            return OthersThan(group[label]);
        IReadOnlyList<Integration> first = IntegrationsOf(route.Receiver);
        if (route.Escalation.Count == 0)
            return first;
        List<Integration> all = [.. first];
        foreach (EscalationStep step in route.Escalation)
        {
            foreach (Integration next in IntegrationsOf(step.Receiver).Where(n => all.TrueForAll(known => known.Id != n.Id)).ToList())
                all.Add(next with { After = step.After });
        }
        return all;
    }

    private bool IsForFailuresOf(string receiver, Receiver other) =>
        Routing.FailureReceiver is not { } chosen || chosen == receiver || other.Name == chosen;
}
