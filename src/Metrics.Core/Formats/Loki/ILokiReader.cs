using Metrics.Model;

namespace Metrics.Formats.Loki;

/// <summary>
/// Walks over the streams of one push, and over the lines of each. Throws nothing; ends where the body is broken, and says so in
/// <see cref="Fault"/>: what was read before it is then part of what nobody may trust.
/// </summary>
/// <remarks>https://grafana.com/docs/loki/latest/reference/loki-http-api/#ingest-logs</remarks>
public interface ILokiReader
{
    /// <summary>Why the body is none of a push; null while it is one.</summary>
    string? Fault { get; }

    /// <summary>Why no line of this stream can be taken; null where they can.</summary>
    string? StreamFault { get; }

    /// <summary>Why this line cannot be taken; null where it can.</summary>
    string? EntryFault { get; }

    /// <summary>The line's time, nanoseconds since 1970 UTC.</summary>
    long Time { get; }

    /// <summary>The line, in UTF-8. Good until the next is asked for.</summary>
    ReadOnlySpan<byte> Line { get; }

    /// <summary>Goes to the next stream.</summary>
    /// <param name="labels">Gets its labels in the place of what it holds.</param>
    bool ReadStream(List<EventField> labels);

    /// <summary>Goes to the next line of the stream.</summary>
    /// <param name="metadata">Gets what is said of this line alone (structured metadata), in the place of what it holds.</param>
    bool ReadEntry(List<EventField> metadata);
}
