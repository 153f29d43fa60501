namespace Metrics.Notifiers;

/// <summary>What became of one try.</summary>
internal enum DeliveryStatus
{
    /// <summary>The other side has it.</summary>
    Sent,

    /// <summary>Not now; the same message later may succeed.</summary>
    Retry,

    /// <summary>Never: the other side, or our configuration, will not take this message.</summary>
    Rejected,
}

/// <summary>What a notifier answers; what follows is decided by the outbox. The reason holds no secret.</summary>
/// <param name="Status">What became of it.</param>
/// <param name="Reason">Why it was not sent.</param>
/// <param name="After">How long the other side asks us to wait before the next try; null is our own pause.</param>
internal readonly record struct Delivery(DeliveryStatus Status, string? Reason = null, TimeSpan? After = null)
{
    public static Delivery Sent { get; } = new(DeliveryStatus.Sent);

    public static Delivery Retry(string reason) => new(DeliveryStatus.Retry, reason);

    public static Delivery Rejected(string reason) => new(DeliveryStatus.Rejected, reason);
}
