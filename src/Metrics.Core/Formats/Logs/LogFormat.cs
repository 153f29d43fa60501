namespace Metrics.Formats.Logs;

/// <summary>Reads one record of a log. Pure; allocates nothing but by what its record keeps; takes time linear in the length.</summary>
/// <param name="text">The record's bytes, without line end at its end; several lines where the format joins them.</param>
/// <param name="context">What the text itself does not say.</param>
/// <param name="record">Gets what it says; empty before.</param>
/// <returns>Whether it is in this format: looks at few bytes where it is not. The record may hold anything then.</returns>
public delegate bool LogParser(ReadOnlySpan<byte> text, LogContext context, LogRecord record);

/// <summary>Says whether a line goes on with the record that another line began.</summary>
/// <param name="first">The first line of that record.</param>
/// <param name="line">The next line.</param>
public delegate bool LogContinuation(ReadOnlySpan<byte> first, ReadOnlySpan<byte> line);

/// <summary>A format of logs.</summary>
/// <param name="Name">As <c>format:</c> of <c>inputs.logs</c> names it, and <c>event.dataset</c> begins with.</param>
/// <param name="Parse">Reads a record.</param>
/// <param name="Continues">Which lines belong to the one before; null where each line is a record.</param>
/// <param name="Binary">Where it has no lines; null where it has.</param>
public sealed record LogFormat(string Name, LogParser Parse, LogContinuation? Continues = null, BinaryLog? Binary = null);

/// <summary>A log of records of one length, which are no text.</summary>
/// <param name="Length">That length, bytes.</param>
/// <param name="Show">Makes a text for people of a record.</param>
public sealed record BinaryLog(int Length, Func<byte[], string> Show);
