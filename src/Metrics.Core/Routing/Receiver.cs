using Metrics.Model;

namespace Metrics.Routing;

/// <summary>One way of a receiver to be reached, as far as routing must know it.</summary>
/// <param name="Id">What tells it apart.</param>
/// <param name="SendResolved">Whether it is notified of the end of alerts.</param>
/// <param name="After">For how long an alert must fire unacknowledged before it is notified; zero is at once.</param>
public sealed record Integration(IntegrationId Id, bool SendResolved, TimeSpan After = default)
{
    /// <summary>Whether people read each message, so that a storm of them becomes a digest.</summary>
    public bool IsForPeople { get; init; }
}

/// <summary>Somebody who can be notified.</summary>
/// <param name="Name">As routes name it.</param>
/// <param name="Integrations">How it is reached; by all of them at once.</param>
public sealed record Receiver(string Name, IReadOnlyList<Integration> Integrations);
