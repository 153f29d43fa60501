namespace Metrics.Formats.Logs;

/// <summary>A format of logs has failed at a record, which is a fault of ours: it is kept as a text.</summary>
/// <param name="format">The name of the format.</param>
/// <param name="fault">What it threw.</param>
public sealed class LogFormatException(string format, Exception fault)
    : Exception($"The format {format} cannot read a record: {fault.Message}", fault);
