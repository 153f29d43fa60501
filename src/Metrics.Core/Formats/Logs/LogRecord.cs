using Metrics.Model;

namespace Metrics.Formats.Logs;

/// <summary>
/// What one record of a log says, as far as it was understood. Made once and used again for the next record, so that reading allocates
/// nothing; texts are copies in UTF-8 in a buffer of its own. Not safe for use by two threads at once.
/// </summary>
public sealed class LogRecord
{
    private readonly BatchField[] _entries = new BatchField[EventBounds.MaxFields];
    private readonly BatchField[] _marked = new BatchField[EventBounds.MaxFields];
    private readonly TextBuffer _texts = new(4096, isPooled: false);
    private int _count;
    private (string Kind, byte Severity, long? Time, int Count, int Length) _mark;

    /// <summary>What happened; <see cref="EventKinds.Log"/> where nobody has understood it further.</summary>
    public string Kind { get; set; } = EventKinds.Log;

    /// <summary>OpenTelemetry's severity number, 1 to 24; 0 is unknown.</summary>
    public byte SeverityNumber { get; set; }

    /// <summary>When it happened, nanoseconds since 1970 UTC; null where it does not say.</summary>
    public long? Time { get; set; }

    /// <summary>
    /// How many bytes at the end of its text are what the program has written, behind time, host, level and the like; 0 where nobody has
    /// found where that begins.
    /// </summary>
    public int MessageLength { get; set; }

    /// <summary>Number of its fields.</summary>
    public int Count => _count;

    /// <summary>The last fault of ours in reading it, which is another format's or nobody's then; null where there was none.</summary>
    public LogFormatException? Fault { get; private set; }

    /// <summary>Makes it empty, for the next record.</summary>
    public void Clear()
    {
        Kind = EventKinds.Log;
        SeverityNumber = 0;
        Time = null;
        MessageLength = 0;
        _count = 0;
        _texts.CutAt(0);
    }

    /// <summary>Notes what it says now; one mark at a time.</summary>
    public void Mark()
    {
        _mark = (Kind, SeverityNumber, Time, _count, _texts.Length);
        _entries.AsSpan(0, _count).CopyTo(_marked);
    }

    /// <summary>Has it say what it said at the mark, where a reader has set fields before it found that it cannot read.</summary>
    public void Reset()
    {
        (Kind, SeverityNumber, Time, _count, int length) = _mark;
        _texts.CutAt(length);
        _marked.AsSpan(0, _count).CopyTo(_entries);
    }

    /// <summary>Notes that a format failed at it.</summary>
    internal void Fail(string format, Exception e) => Fault = new LogFormatException(format, e);

    /// <summary>Hands a fault over to the record that is read now.</summary>
    internal void MoveFault(LogRecord to) => (to.Fault, Fault) = (Fault, null);

    /// <summary>Sets what happened, and whether it went well (<see cref="EventFields.Outcome"/>).</summary>
    public void SetKind(string kind, bool succeeded)
    {
        Kind = kind;
        Set(EventFields.Outcome, succeeded ? "success" : "failure");
    }

    /// <summary>Sets a field to a text; one that is empty sets nothing, one that is set already is replaced.</summary>
    /// <param name="field">Its full name (<see cref="EventFields"/>).</param>
    /// <param name="value">UTF-8; bytes that are none become U+FFFD when it is read.</param>
    public void Set(string field, ReadOnlySpan<byte> value)
    {
        if (value.IsEmpty)
            return;
        if (value.Length > EventBounds.MaxValueLength)
            value = value[..EventBounds.MaxValueLength];
        Put(field, _texts.Add(value));
    }

    /// <summary>Sets a field to a text; null and an empty one set nothing.</summary>
    public void Set(string field, string? value)
    {
        if (!string.IsNullOrEmpty(value))
            Put(field, _texts.Add(value));
    }

    /// <summary>Sets a field to a number.</summary>
    public void Set(string field, long value) => Put(field, _texts.Add(value));

    /// <summary>Takes a field away.</summary>
    public void Remove(string field)
    {
        int at = Find(field);
        if (at < 0)
            return;
        _entries.AsSpan(at + 1, _count - at - 1).CopyTo(_entries.AsSpan(at));
        _count--;
    }

    /// <summary>Whether a field is set.</summary>
    public bool Has(string field) => Find(field) >= 0;

    /// <summary>The text of a field, or null.</summary>
    public string? this[string field] => Find(field) is >= 0 and var at ? this[at].Value : null;

    /// <summary>The field at a place, in the order in which they were set.</summary>
    public EventField this[int at] => new(_entries[at].Name, TextPool.Shared.Get(_texts[_entries[at].Value]));

    /// <summary>The text of a field in UTF-8; empty where it is not set.</summary>
    public ReadOnlySpan<byte> Bytes(string field) => Find(field) is >= 0 and var at ? _texts[_entries[at].Value] : [];

    /// <summary>Adds it to a batch, as one event.</summary>
    /// <param name="batch">Where to.</param>
    /// <param name="observed">When it came in, nanoseconds since 1970 UTC; its time where it says none.</param>
    /// <param name="text">The record as it was written, UTF-8.</param>
    public void AddTo(EventBatch batch, long observed, ReadOnlySpan<byte> text)
    {
        batch.Add(Time ?? observed, observed, Kind, SeverityNumber, text);
        AddRest(batch, text.Length);
    }

    /// <inheritdoc cref="AddTo(EventBatch, long, ReadOnlySpan{byte})" />
    /// <param name="batch">Where to.</param>
    /// <param name="observed">When it came in, nanoseconds since 1970 UTC; its time where it says none.</param>
    /// <param name="text">The record for people.</param>
    /// <param name="length">Bytes of the record as it was written.</param>
    public void AddTo(EventBatch batch, long observed, string text, int length)
    {
        batch.Add(Time ?? observed, observed, Kind, SeverityNumber, text);
        AddRest(batch, length);
    }

    private void AddRest(EventBatch batch, int length)
    {
        if (MessageLength > 0 && MessageLength < length)
            batch.BeginMessage(length - MessageLength);
        batch.AddFields(_texts, _entries.AsSpan(0, _count));
        if (Fault is null)
            return;
        batch.Add(Fault);
        Fault = null;
    }

    private int Find(string field)
    {
        for (int at = 0; at < _count; at++)
        {
            if (_entries[at].IsNamed(field))
                return at;
        }
        return -1;
    }

    private void Put(string field, TextPart value)
    {
        int at = Find(field);
        if (at >= 0)
            _entries[at] = new BatchField(field, value);
        else if (_count < _entries.Length)
            _entries[_count++] = new BatchField(field, value);
    }
}
