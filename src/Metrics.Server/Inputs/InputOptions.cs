namespace Metrics.Inputs;

/// <summary>
/// One input as configured. A value: two that are equal are the same input, so that a reload leaves it alone; hold nothing in it that has
/// no equality, such as a list.
/// </summary>
internal abstract record InputOptions
{
    /// <summary>Names it in metrics, API and log, such as <c>syslog/tcp://[::]:514</c>; no two have the same.</summary>
    public abstract string Name { get; }

    /// <summary>The family: its key under <c>inputs</c>.</summary>
    public abstract string Kind { get; }

    /// <summary>Makes it; opens nothing yet.</summary>
    public abstract IInput Create(InputTools tools);
}

/// <summary>What inputs may need of the daemon.</summary>
/// <param name="Push">The way in for what is pushed over HTTP.</param>
/// <param name="Events">Knows how far each source was read.</param>
/// <param name="Time">The clock.</param>
internal sealed record InputTools(Push.PushLane Push, Storage.Events.EventLog Events, TimeProvider Time);
