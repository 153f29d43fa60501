using System.Text;
using Metrics.Formats.Logs;
using Metrics.Formats.Syslog;
using Metrics.Model;

namespace Metrics.Formats.Shippers;

/// <summary>
/// A line of a log that a shipper has read and sends with what it knows of it. Its text is understood as that of files, syslog and
/// journals; what the text itself says goes before what the shipper says, but for the time. Made once and filled again for the next line.
/// Not safe for use by two threads at once.
/// </summary>
public sealed class ShippedLine
{
    /// <summary>Stands before the names of labels, where those are no known words.</summary>
    public const string LabelPrefix = "labels.";

    /// <summary>Characters of the name of a program.</summary>
    private const int MaxProgramLength = 64;

    private const string UnitEnding = ".service";

    private readonly bool _isOfLabels;
    private readonly LogContext _context;
    private readonly LogReader _reader;
    private readonly LogRecord _record = new();
    private readonly Word[] _words = new Word[Enum.GetValues<ShipperField>().Length];
    private readonly List<EventField> _others = [];
    private (string? Host, string? Service, string? Path) _source;

    /// <param name="zone">Where times without zone are from, of lines whose shipper gives no time.</param>
    /// <param name="isOfLabels">
    /// Whether it comes with labels, beside its text and time: those that are no known words are fields under <see cref="LabelPrefix"/>.
    /// Else it comes as an object that holds text and time too, whose other members are fields by their own names.
    /// </param>
    public ShippedLine(TimeZoneInfo zone, bool isOfLabels)
    {
        _isOfLabels = isOfLabels;
        _context = new LogContext(zone);
        _reader = new LogReader(LogFormats.All, _context);
    }

    /// <summary>OpenTelemetry's severity number, 1 to 24, where the shipper gives one; 0 is none.</summary>
    public byte SeverityNumber { get; set; }

    /// <summary>What the shipper calls the text; null where it names none.</summary>
    public string? Text => this[ShipperField.Text];

    /// <summary>What a field was said to be, or null.</summary>
    private string? this[ShipperField field] => _words[(int)field].Value;

    /// <summary>The service: as it is named, else the program, the unit, or what the shipper calls its job.</summary>
    private string? Service => this[ShipperField.Service] ?? this[ShipperField.Program] ?? PlainUnit ?? this[ShipperField.Job];

    private string? PlainUnit => this[ShipperField.Unit] is { } unit && unit.EndsWith(UnitEnding, StringComparison.Ordinal)
        ? unit[..^UnitEnding.Length]
        : this[ShipperField.Unit];

    /// <summary>Makes it empty.</summary>
    public void Clear()
    {
        Array.Clear(_words);
        _others.Clear();
        SeverityNumber = 0;
    }

    /// <summary>Adds what the shipper says of the line; an empty value says nothing.</summary>
    /// <param name="name">Its own word.</param>
    /// <param name="value">The value.</param>
    public void Add(string name, string value)
    {
        if (value.Length == 0)
            return;
        if (!ShipperWords.TryFind(name, out ShipperField field, out int rank)
            || (_isOfLabels && field is ShipperField.Time or ShipperField.Text))
        {
            AddOther(name, value);
            return;
        }
        ref Word known = ref _words[(int)field];
        var added = new Word(name, value, rank);
        if (known.Value is null)
        {
            known = added;
            return;
        }
        Word other = rank < known.Rank ? known : added;
        known = rank < known.Rank ? added : known;
        AddOther(other.Name!, other.Value!);
    }

    /// <summary>Takes its time out of what was added; one that is none stays as a field.</summary>
    /// <returns>Nanoseconds since 1970 UTC, or null.</returns>
    public long? TakeTime()
    {
        Word word = _words[(int)ShipperField.Time];
        if (word.Value is null)
            return null;
        _words[(int)ShipperField.Time] = default;
        if (ShippedTime.TryParse(word.Value, out long time))
            return time;
        AddOther(word.Name!, word.Value);
        return null;
    }

    /// <summary>Adds it to a batch, as one event.</summary>
    /// <param name="batch">Where to.</param>
    /// <param name="now">When it came in, nanoseconds since 1970 UTC.</param>
    /// <param name="time">When it was written, as the shipper says; null leaves that to the text.</param>
    /// <param name="text">The line.</param>
    public void AddTo(EventBatch batch, long now, long? time, ReadOnlySpan<byte> text)
    {
        text = text[..Math.Min(text.Length, EventBounds.MaxBodyLength * 4)].TrimEnd("\r\n"u8);
        _context.Now = now;
        Follow((this[ShipperField.Host], Service, this[ShipperField.Path]));
        if (!_reader.Read(text, _record))
            ReadMessage(text);
        SetLevel();
        _record.Time = time ?? _record.Time;
        _record.AddTo(batch, now, text);
        AddFields(batch);
    }

    /// <summary>Lines of one source are mostly in one format, and another source begins anew.</summary>
    private void Follow((string? Host, string? Service, string? Path) source)
    {
        if (source == _source)
            return;
        _reader.Forget();
        _source = source;
    }

    /// <summary>A text without header, as programs give it to syslog, a journal or a container.</summary>
    private void ReadMessage(ReadOnlySpan<byte> text)
    {
        string? program = this[ShipperField.Program] ?? Service;
        _record.Set(EventFields.Host, this[ShipperField.Host]);
        _record.Set(EventFields.Service, Service);
        _record.Set(EventFields.ProcessName, this[ShipperField.Program]);
        _record.Set(EventFields.ProcessId, this[ShipperField.ProcessId]);
        Span<byte> name = stackalloc byte[MaxProgramLength * 3];
        int length = program?.Length <= MaxProgramLength ? Encoding.UTF8.GetBytes(program, name) : 0;
        LogMessages.TryRead(name[..length], text, _record);
    }

    private void SetLevel()
    {
        if (_record.SeverityNumber == 0)
            _record.SeverityNumber = SeverityNumber;
        if (this[ShipperField.Level] is not { } word || _record.Has(EventFields.Level))
            return;
        if (word is [>= '0' and <= '7'])
        {
            _record.SeverityNumber = SyslogPriority.SeverityNumber(word[0] - '0');
            _record.Set(EventFields.Level, SyslogPriority.Level(word[0] - '0'));
            return;
        }
        _record.Set(EventFields.Level, word);
        if (LogLevels.NumberOf(_record.Bytes(EventFields.Level)) is > 0 and var number)
            _record.SeverityNumber = number;
    }

    private void AddFields(EventBatch batch)
    {
        string? service = Service;
        batch.AddField(EventFields.Host, this[ShipperField.Host]);
        batch.AddField(EventFields.Service, service);
        batch.AddField(EventFields.ProcessName, this[ShipperField.Program]);
        batch.AddField(EventFields.ProcessId, this[ShipperField.ProcessId]);
        batch.AddField(EventFields.SystemdUnit, this[ShipperField.Unit]);
        batch.AddField(EventFields.LogFilePath, this[ShipperField.Path]);
        foreach (EventField other in _others)
            batch.AddField(other.Name, other.Value);
        if (this[ShipperField.Job] is { } job && job != service)
            batch.AddField(FieldOf("job"), job);
    }

    private void AddOther(string name, string value) => _others.Add(new EventField(FieldOf(name), value));

    private string FieldOf(string name) => _isOfLabels ? LabelPrefix + name : EventFields.FullName(name);

    private readonly record struct Word(string? Name, string? Value, int Rank);
}
