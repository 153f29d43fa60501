namespace Metrics.Rules;

/// <summary>What one evaluation says of one series.</summary>
public enum Observation
{
    /// <summary>There is a value and it is within bounds.</summary>
    Clear,

    /// <summary>There is a value and it is out of bounds.</summary>
    Breached,

    /// <summary>There is no value, or it is NaN: nothing is known, which never counts as "within bounds".</summary>
    NoData,
}

/// <summary>What a rule does when the series of an open alert stops.</summary>
public enum NoDataPolicy
{
    /// <summary>The alert stays open, marked "no data"; the default.</summary>
    Keep,

    /// <summary>Counts as out of bounds.</summary>
    Fire,

    /// <summary>Counts as within bounds, as Prometheus has it.</summary>
    Resolve,
}

/// <summary>Why an alert ended.</summary>
public enum EndReason
{
    /// <summary>It never began, or was pending only.</summary>
    None,

    /// <summary>The value is within bounds again.</summary>
    Resolved,

    /// <summary>Nothing was heard of its series for the rule's <c>no_data_timeout</c>.</summary>
    Expired,

    /// <summary>Its rule is no longer there.</summary>
    Retired,
}

/// <summary>The times and policies of a rule, for <see cref="AlertState.Next"/>.</summary>
/// <param name="For">How long a value must be out of bounds before the alert fires.</param>
/// <param name="KeepFiringFor">How long a value must be within bounds before a firing alert resolves.</param>
/// <param name="NoData">What a stopped series means.</param>
/// <param name="NoDataTimeout">After how long without data an open alert ends as expired.</param>
public sealed record AlertPolicy(TimeSpan For, TimeSpan KeepFiringFor, NoDataPolicy NoData, TimeSpan NoDataTimeout);

/// <summary>
/// Where an alert instance is in its life. A pure state machine: every step is a function of state, reading, time and policy. Times are
/// milliseconds since 1970 UTC.
/// </summary>
public abstract record AlertState
{
    private AlertState()
    {
    }

    /// <summary>All is well.</summary>
    public sealed record Inactive(EndReason Reason = EndReason.None) : AlertState;

    /// <summary>Out of bounds, but not for long enough yet.</summary>
    public sealed record Pending(long Since) : AlertState;

    /// <summary>Out of bounds for long enough; somebody is told.</summary>
    /// <param name="Since">First reading out of bounds.</param>
    /// <param name="FiredAt">When it fired.</param>
    /// <param name="ClearSince">First of an unbroken row of readings within bounds, while <c>keep_firing_for</c> holds it.</param>
    public sealed record Firing(long Since, long FiredAt, long? ClearSince = null) : AlertState;

    /// <summary>It was pending or firing and its series stopped: still open, nothing is known.</summary>
    /// <param name="Before">What it was.</param>
    /// <param name="Since">First reading without data.</param>
    public sealed record NoData(AlertState Before, long Since) : AlertState;

    /// <summary>Whether somebody has been told and nobody has been told that it is over.</summary>
    public bool IsOpen => this is Firing or NoData { Before: Firing };

    /// <summary>The word for it in APIs and pages.</summary>
    public string Name => this switch
    {
        Pending => "pending",
        Firing => "firing",
        NoData => "no data",
        _ => "inactive",
    };

    /// <summary>The same with no time after a moment, for when the clock was set back while nobody looked.</summary>
    public AlertState NoLaterThan(long at) => this switch
    {
        Pending p => new Pending(Math.Min(p.Since, at)),
        Firing f => new Firing(Math.Min(f.Since, at), Math.Min(f.FiredAt, at), f.ClearSince is { } clear ? Math.Min(clear, at) : null),
        NoData n => new NoData(n.Before.NoLaterThan(at), Math.Min(n.Since, at)),
        _ => this,
    };

    /// <summary>The state after a reading.</summary>
    /// <param name="reading">What the evaluation says.</param>
    /// <param name="at">Time of the evaluation; not before the times in the state.</param>
    /// <param name="policy">The rule's times and policies.</param>
    public AlertState Next(Observation reading, long at, AlertPolicy policy)
    {
        if (reading == Observation.NoData && policy.NoData != NoDataPolicy.Keep)
            reading = policy.NoData == NoDataPolicy.Fire ? Observation.Breached : Observation.Clear;
        return (this, reading) switch
        {
            (Inactive, Observation.Breached) => policy.For > TimeSpan.Zero ? new Pending(at) : new Firing(at, at),
            (Inactive, _) => this is Inactive { Reason: EndReason.None } ? this : new Inactive(),

            (Pending p, Observation.Breached) => at - p.Since >= policy.For.TotalMilliseconds ? new Firing(p.Since, at) : p,
            (Pending, Observation.Clear) => new Inactive(),

            (Firing f, Observation.Breached) => f.ClearSince is null ? f : f with { ClearSince = null },
            (Firing f, Observation.Clear) => at - (f.ClearSince ?? at) < policy.KeepFiringFor.TotalMilliseconds
                ? f with { ClearSince = f.ClearSince ?? at }
                : new Inactive(EndReason.Resolved),

            (NoData n, Observation.NoData) => at - n.Since >= policy.NoDataTimeout.TotalMilliseconds
                ? new Inactive(n.IsOpen ? EndReason.Expired : EndReason.None)
                : n,
            (NoData n, _) => n.Before.Next(reading, at, policy),

            (_, Observation.NoData) => new NoData(this, at),
            _ => this,
        };
    }
}
