namespace Metrics.Storage.Events.About;

/// <summary>What is asked of the event log about one value.</summary>
/// <param name="Field">The field's full name; others of its sort are looked at as well.</param>
/// <param name="Value">Its value.</param>
/// <param name="From">The earliest time of the events with that value, nanoseconds since 1970 UTC.</param>
/// <param name="To">The latest one.</param>
/// <param name="Around">How far around them others are looked for, nanoseconds.</param>
/// <param name="Limit">How many events with the value at most, and how many others.</param>
internal sealed record AboutQuery(string Field, string Value, long From, long To, long Around, int Limit);
