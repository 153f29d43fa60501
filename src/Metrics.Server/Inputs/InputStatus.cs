namespace Metrics.Inputs;

/// <summary>How an input fares.</summary>
internal enum InputState
{
    /// <summary>It opens what it takes in from.</summary>
    Starting,

    /// <summary>It takes in.</summary>
    Running,

    /// <summary>It failed, and is started again later.</summary>
    BackingOff,

    /// <summary>It takes nothing new, and hands over what it has.</summary>
    Draining,

    /// <summary>It has ended.</summary>
    Stopped,
}

/// <summary>How an input fares, at one moment.</summary>
/// <param name="State">What it does.</param>
/// <param name="Since">Since when.</param>
/// <param name="Detail">What it says of itself; may be empty.</param>
/// <param name="Error">Why it failed last; null when it never did.</param>
/// <param name="ErrorAt">When that was.</param>
/// <param name="Failures">Failures in a row.</param>
internal sealed record InputStatus(
    InputState State, DateTimeOffset Since, string Detail = "", string? Error = null, DateTimeOffset? ErrorAt = null, int Failures = 0);
