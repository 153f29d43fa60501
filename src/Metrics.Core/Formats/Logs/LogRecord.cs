using Metrics.Model;

namespace Metrics.Formats.Logs;

/// <summary>
/// What one record of a log says, as far as it was understood. Made once and used again for the next record, so that reading allocates
/// nothing; texts are copies in UTF-8 in a buffer of its own. Not safe for use by two threads at once.
/// </summary>
public sealed class LogRecord
{
    private readonly Entry[] _entries = new Entry[EventBounds.MaxFields];
    private readonly Entry[] _marked = new Entry[EventBounds.MaxFields];
    private byte[] _texts = new byte[4096];
    private int _count;
    private int _used;
    private (string Kind, byte Severity, long? Time, int Count, int Used) _mark;

    /// <summary>What happened; <see cref="EventKinds.Log"/> where nobody has understood it further.</summary>
    public string Kind { get; set; } = EventKinds.Log;

    /// <summary>OpenTelemetry's severity number, 1 to 24; 0 is unknown.</summary>
    public byte SeverityNumber { get; set; }

    /// <summary>When it happened, nanoseconds since 1970 UTC; null where it does not say.</summary>
    public long? Time { get; set; }

    /// <summary>Number of its fields.</summary>
    public int Count => _count;

    /// <summary>Makes it empty, for the next record.</summary>
    public void Clear()
    {
        Kind = EventKinds.Log;
        SeverityNumber = 0;
        Time = null;
        _count = _used = 0;
    }

    /// <summary>Notes what it says now; one mark at a time.</summary>
    public void Mark()
    {
        _mark = (Kind, SeverityNumber, Time, _count, _used);
        _entries.AsSpan(0, _count).CopyTo(_marked);
    }

    /// <summary>Has it say what it said at the mark, where a reader has set fields before it found that it cannot read.</summary>
    public void Reset()
    {
        (Kind, SeverityNumber, Time, _count, _used) = _mark;
        _marked.AsSpan(0, _count).CopyTo(_entries);
    }

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
        int start = Room(value.Length);
        value.CopyTo(_texts.AsSpan(start));
        Put(new Entry(field, null, start, value.Length));
    }

    /// <summary>Sets a field to a text that does not change from record to record.</summary>
    public void Set(string field, string? value)
    {
        if (!string.IsNullOrEmpty(value))
            Put(new Entry(field, value, 0, 0));
    }

    /// <summary>Sets a field to a number.</summary>
    public void Set(string field, long value)
    {
        int start = Room(20);
        value.TryFormat(_texts.AsSpan(start), out int length);
        _used = start + length;
        Put(new Entry(field, null, start, length));
    }

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
    public string? this[string field] => Find(field) is >= 0 and var at ? TextOf(_entries[at]) : null;

    /// <summary>The field at a place, in the order in which they were set.</summary>
    public EventField this[int at] => new(_entries[at].Name, TextOf(_entries[at]));

    /// <summary>A text in UTF-8; empty where the field is not set, or was set to a text that does not change.</summary>
    public ReadOnlySpan<byte> Bytes(string field) =>
        Find(field) is >= 0 and var at ? _texts.AsSpan(_entries[at].Start, _entries[at].Length) : [];

    /// <summary>Adds it to a batch, as one event.</summary>
    /// <param name="batch">Where to.</param>
    /// <param name="observed">When it came in, nanoseconds since 1970 UTC; its time where it says none.</param>
    /// <param name="text">The record as it was written.</param>
    public void AddTo(EventBatch batch, long observed, string text)
    {
        batch.Add(Time ?? observed, observed, Kind, SeverityNumber, text);
        foreach (ref readonly Entry entry in _entries.AsSpan(0, _count))
            batch.AddField(entry.Name, TextOf(entry));
    }

    private string TextOf(in Entry entry) => entry.Constant ?? TextPool.Shared.Get(_texts.AsSpan(entry.Start, entry.Length));

    private int Find(string field)
    {
        for (int at = 0; at < _count; at++)
        {
            // The names are constants: nearly always the same object, or one of another length.
            if (ReferenceEquals(_entries[at].Name, field) || _entries[at].Name == field)
                return at;
        }
        return -1;
    }

    private void Put(in Entry entry)
    {
        int at = Find(entry.Name);
        if (at >= 0)
            _entries[at] = entry;
        else if (_count < _entries.Length)
            _entries[_count++] = entry;
    }

    private int Room(int length)
    {
        int start = _used;
        if (start + length > _texts.Length)
            Array.Resize(ref _texts, Math.Max(_texts.Length * 2, start + length));
        _used = start + length;
        return start;
    }

    private readonly record struct Entry(string Name, string? Constant, int Start, int Length);
}
