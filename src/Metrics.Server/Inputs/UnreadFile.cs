namespace Metrics.Inputs;

/// <summary>A file in which something lies that was not read yet, or is read and not stored yet.</summary>
/// <param name="Path">Its name.</param>
/// <param name="Bytes">How much; of a packed file as it is packed.</param>
/// <param name="Newest">The newest time that was read in it, nanoseconds since 1970 UTC; 0 where none was.</param>
/// <param name="Problem">Why it cannot be read; null where it is only a matter of time.</param>
internal sealed record UnreadFile(string Path, long Bytes, long Newest, string? Problem);
