using Metrics.Model;

namespace Metrics.Formats.Logs;

/// <summary>
/// Reads the records of one source, and finds out in which format they are: the format of the last record is tried first, the others
/// where it does not fit. Others choose what stands in records: a format that fails at one does not fit, and the record says so
/// (<see cref="LogRecord.Fault"/>). One thread at a time.
/// </summary>
/// <param name="formats">The formats that come into question: one where an operator names it, else <see cref="LogFormats.All"/>.</param>
/// <param name="context">What the texts do not say.</param>
public sealed class LogReader(IReadOnlyList<LogFormat> formats, LogContext context)
{
    private readonly LogRecord _scratch = new();
    private LogFormat? _last;
    private LogContinuation? _goesOn;

    /// <summary>The format of the record that was read last and understood; null before the first.</summary>
    public LogFormat? Format => _last;

    /// <summary>Begins anew, with another source.</summary>
    public void Forget() => _last = null;

    /// <summary>Reads a record.</summary>
    /// <param name="text">Its bytes, without line end at its end.</param>
    /// <param name="record">Gets what it says; nothing where no format fits.</param>
    /// <returns>Whether a format fits.</returns>
    public bool Read(ReadOnlySpan<byte> text, LogRecord record)
    {
        _scratch.MoveFault(record);
        if (_last is { } last && TryRead(last, text, record))
            return true;
        foreach (LogFormat format in formats)
        {
            if (ReferenceEquals(format, _last) || !TryRead(format, text, record))
                continue;
            _last = format;
            return true;
        }
        record.Clear();
        return false;
    }

    /// <summary>
    /// Which lines go on with a record that begins so, as the format of the record before has it, or else its own; null where each line is
    /// a record.
    /// </summary>
    public LogContinuation? JoinFor(ReadOnlySpan<byte> first)
    {
        if (_last is null)
            Read(first, _scratch);
        return _last?.Continues is null ? null : _goesOn ??= GoesOn;
    }

    /// <summary>A format that fails at a line does not know it.</summary>
    private bool GoesOn(ReadOnlySpan<byte> first, ReadOnlySpan<byte> line)
    {
        try
        {
            return _last?.Continues?.Invoke(first, line) == true;
        }
        catch (Exception e)
        {
            _scratch.Fail(_last!.Name, e);
            return false;
        }
    }

    private bool TryRead(LogFormat format, ReadOnlySpan<byte> text, LogRecord record)
    {
        record.Clear();
        try
        {
            if (!format.Parse(text, context, record))
                return false;
        }
        catch (Exception e)
        {
            record.Fail(format.Name, e);
            return false;
        }
        if (!record.Has(EventFields.Dataset))
            record.Set(EventFields.Dataset, format.Name);
        return true;
    }
}
