namespace Metrics.Storage.Events;

/// <summary>A table of the event log that goes.</summary>
/// <param name="Table">The table.</param>
/// <param name="IsForSize">Whether it goes since the log is too large; for age otherwise.</param>
/// <param name="Reason">Why, for people.</param>
internal sealed record ExpiringTable(EventTable Table, bool IsForSize, string Reason);
