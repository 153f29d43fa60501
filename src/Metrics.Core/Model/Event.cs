namespace Metrics.Model;

/// <summary>Something that happened: one row of an <see cref="EventBatch"/>, to be kept.</summary>
/// <remarks>Follows OpenTelemetry's log record with the Elastic Common Schema's field names (<see cref="EventFields"/>).</remarks>
public sealed record Event
{
    /// <summary>Its place in the event log: greater than that of every event committed before it. 0 before it is in the log.</summary>
    public long Id { get; init; }

    /// <summary>When it happened, nanoseconds since 1970 UTC.</summary>
    public required long Time { get; init; }

    /// <summary>When it came in here, nanoseconds since 1970 UTC.</summary>
    public required long ObservedTime { get; init; }

    /// <summary>
    /// When it happened for us, nanoseconds since 1970 UTC: a time in the future means when it came in, where that is known.
    /// </summary>
    public long Moment => MomentOf(Time, ObservedTime);

    /// <summary>The same in milliseconds.</summary>
    public long MomentMilliseconds => ToMilliseconds(Moment);

    /// <summary>What happened, as a word of ours; <c>log</c> is a line that nobody has understood further.</summary>
    public required string Kind { get; init; }

    /// <summary>OpenTelemetry's severity number, 1 to 24; 0 is unknown.</summary>
    public required byte SeverityNumber { get; init; }

    /// <summary>The text for people; may be empty.</summary>
    public required string Body { get; init; }

    /// <summary>Its other fields, in the order of their source; no name twice, no empty value.</summary>
    public required IReadOnlyList<EventField> Fields { get; init; }

    /// <summary>When something happened for us that says when it happened and came in when it did; nanoseconds since 1970 UTC.</summary>
    internal static long MomentOf(long time, long observedTime) => observedTime > 0 ? Math.Min(time, observedTime) : time;

    /// <summary>Nanoseconds in milliseconds, parts of one cut off.</summary>
    internal static long ToMilliseconds(long nanoseconds) => nanoseconds / 1_000_000;

    /// <summary>The value of a field by its full name, or null.</summary>
    public string? this[string field]
    {
        get
        {
            foreach (EventField candidate in Fields)
            {
                if (candidate.Name == field)
                    return candidate.Value;
            }
            return null;
        }
    }
}
