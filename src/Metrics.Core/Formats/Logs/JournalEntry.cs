using System.Buffers.Text;
using System.Text;
using Metrics.Formats.Syslog;
using Metrics.Model;

namespace Metrics.Formats.Logs;

/// <summary>
/// One entry of systemd's journal: the fields of it that are used. Made once and filled again for the next entry. Not safe for use by two
/// threads at once.
/// </summary>
/// <remarks>systemd.journal-fields(7)</remarks>
public sealed class JournalEntry
{
    /// <summary>Bytes that are kept of a field: a body's characters take four at most.</summary>
    public const int MaxValueLength = EventBounds.MaxBodyLength * 4;

    /// <summary>Latest time in microseconds that fits into nanoseconds.</summary>
    private const long MaxTime = long.MaxValue / 1000;

    private readonly (int Start, int Length)[] _values = new (int, int)[Enum.GetValues<JournalField>().Length];
    private byte[] _bytes = new byte[4096];
    private int _used;

    /// <summary>The value of a field; empty where it has none. Good until the next entry.</summary>
    public ReadOnlySpan<byte> this[JournalField field] => _bytes.AsSpan(_values[(int)field].Start, _values[(int)field].Length);

    /// <summary>Where it stands in the journal; journalctl's own words.</summary>
    public string Cursor => Encoding.UTF8.GetString(this[JournalField.Cursor]);

    /// <summary>The text for people; bytes that are no UTF-8 are U+FFFD.</summary>
    public string Message => Encoding.UTF8.GetString(this[JournalField.Message]);

    /// <summary>When it happened, nanoseconds since 1970 UTC, as its sender says, or else the journal; null where neither does.</summary>
    public long? Time => TimeOf(JournalField.SourceTime) ?? TimeOf(JournalField.Time);

    /// <summary>Reads what it says, and what its message says.</summary>
    /// <param name="record">Gets it; whatever it held is gone.</param>
    public void ReadTo(LogRecord record)
    {
        record.Clear();
        ReadOnlySpan<byte> program = this[JournalField.Identifier];
        if (program.IsEmpty)
            program = this[JournalField.Command];
        record.Set(EventFields.Host, this[JournalField.Host]);
        record.Set(EventFields.Service, program);
        record.Set(EventFields.ProcessName, program);
        record.Set(EventFields.ProcessId, this[JournalField.ProcessId]);
        record.Set(EventFields.SystemdUnit, this[JournalField.Unit]);
        ReadPriority(record);
        ReadMessage(program, record);
        record.Time = Time;
    }

    /// <summary>Before version 250 systemd's messages name a unit by its description alone; its journal knows better.</summary>
    private void ReadMessage(ReadOnlySpan<byte> program, LogRecord record)
    {
        ReadOnlySpan<byte> unit = this[JournalField.ProcessId].SequenceEqual("1"u8) ? this[JournalField.AboutUnit] : default;
        bool isService = unit.TryTakeEnd(".service"u8);
        if (!unit.IsEmpty && !isService)
            return;
        if (LogMessages.TryRead(program, this[JournalField.Message], record) && isService && !unit.StartsWith("user@"u8))
            record.Set(EventFields.Service, unit);
    }

    /// <summary>Makes it empty, for the next one.</summary>
    internal void Clear()
    {
        Array.Clear(_values);
        _used = 0;
    }

    /// <summary>Begins a value.</summary>
    /// <returns>Whether it is wanted: a field may stand there several times, and the first one is taken.</returns>
    internal bool Begin(JournalField field)
    {
        if (_values[(int)field].Length > 0)
            return false;
        _values[(int)field] = (_used, 0);
        return true;
    }

    /// <summary>Adds to the value that was begun last; what is beyond <see cref="MaxValueLength"/> is left out.</summary>
    internal void Append(JournalField field, ReadOnlySpan<byte> part)
    {
        ref (int Start, int Length) value = ref _values[(int)field];
        part = part[..Math.Min(part.Length, MaxValueLength - value.Length)];
        if (_used + part.Length > _bytes.Length)
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _used + part.Length));
        part.CopyTo(_bytes.AsSpan(_used));
        _used += part.Length;
        value.Length += part.Length;
    }

    private void ReadPriority(LogRecord record)
    {
        if (NumberOf(JournalField.Priority) is { } severity and <= 7)
        {
            record.SeverityNumber = SyslogPriority.SeverityNumber((int)severity);
            record.Set(EventFields.Level, SyslogPriority.Level((int)severity));
        }
        if (NumberOf(JournalField.Facility) is { } facility and <= 23)
            record.Set(SyslogEvents.Facility, SyslogPriority.Facility((int)facility << 3));
    }

    private long? TimeOf(JournalField field) => NumberOf(field) is { } time and <= MaxTime ? time * 1000 : null;

    private long? NumberOf(JournalField field)
    {
        ReadOnlySpan<byte> text = this[field];
        return Utf8Parser.TryParse(text, out long value, out int length) && length == text.Length && value >= 0 ? value : null;
    }
}
