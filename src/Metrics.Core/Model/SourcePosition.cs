namespace Metrics.Model;

/// <summary>
/// How far a source has been read, to be stored in the same commit as the events that were read: after a crash it is read on from there,
/// and nothing is lost or twice.
/// </summary>
/// <param name="Source">The input, such as <c>logs/nova</c>.</param>
/// <param name="Key">What of it, such as a file.</param>
/// <param name="State">The input's own words for where; null forgets it.</param>
public sealed record SourcePosition(string Source, string Key, string? State);
