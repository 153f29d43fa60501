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
internal readonly record struct Delivery(DeliveryStatus Status, string? Reason = null);
