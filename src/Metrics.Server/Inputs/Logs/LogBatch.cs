using System.Globalization;
using System.Text;
using System.Text.Unicode;
using Metrics.Formats.Logs;
using Metrics.Model;

namespace Metrics.Inputs.Logs;

/// <summary>What was read, with how far: stored in one commit.</summary>
/// <param name="Events">The events, with the positions.</param>
/// <param name="Positions">How far each file was read with them.</param>
/// <param name="Notes">How many of the events say what was noticed about files.</param>
/// <param name="Forgotten">How many of the positions are no file's any more.</param>
internal sealed record LogPart(EventBatch Events, IReadOnlyList<FilePosition> Positions, int Notes, int Forgotten);

/// <summary>
/// Makes events of the records of one input's files. What was noticed about files, and what need not be remembered, is added to each batch
/// until one of them is stored: unlike lines it cannot be read again. One thread at a time.
/// </summary>
internal sealed class LogBatch(LogsOptions options, InputCounters counters, TimeProvider time)
{
    /// <summary>Rows and bytes at which a batch is handed on.</summary>
    private const int MaxRows = 32_768;
    private const long MaxBytes = 16L << 20;

    /// <summary>Notes that are kept while nothing can be stored.</summary>
    private const int MaxNotes = 1_000;

    private static readonly string s_host = Environment.MachineName;

    private readonly LogRecord _record = new();
    private readonly List<Event> _notes = [];
    private readonly List<SourcePosition> _forgotten = [];
    private int _submittedNotes;
    private int _submittedForgotten;
    private List<FilePosition> _positions = [];
    private EventBatch? _batch;

    /// <summary>Whether it is to be handed on before more is read.</summary>
    public bool IsFull => _batch is { } batch && (batch.Count >= MaxRows || batch.Bytes >= MaxBytes);

    /// <summary>The present, nanoseconds since 1970 UTC.</summary>
    public long Now { get; private set; }

    /// <summary>Looks at the clock, for the records that come now.</summary>
    public void Begin() => Now = (time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick;

    /// <summary>Adds a record.</summary>
    /// <param name="reader">Knows the format of its file.</param>
    /// <param name="text">Its bytes.</param>
    /// <param name="path">Its file.</param>
    /// <param name="service">The service where it says none.</param>
    /// <param name="offset">Where in the file it begins.</param>
    /// <returns>Its time; null where it says none.</returns>
    public long? Add(LogReader reader, ReadOnlySpan<byte> text, string path, string service, long offset)
    {
        if (text.Length > EventBounds.MaxBodyLength)
            counters.Add(InputError.TooLong);
        reader.Read(text, _record);
        EventBatch batch = Batch();
        _record.AddTo(batch, Now, TextOf(text));
        batch.AddField(EventFields.Host, s_host);
        batch.AddField(EventFields.Service, service);
        batch.AddField(EventFields.LogFilePath, path);
        batch.AddField(EventFields.LogOffset, offset.ToString(CultureInfo.InvariantCulture));
        foreach (EventField label in options.Labels.Fields)
            batch.AddField(label.Name, label.Value);
        return _record.Time;
    }

    /// <summary>Adds something that was noticed about a file, as an event.</summary>
    public void Note(string kind, string path, string service, string text)
    {
        if (_notes.Count == MaxNotes)
            return;
        _notes.Add(new Event
        {
            Time = Now, ObservedTime = Now, Kind = kind, SeverityNumber = Severity.Warning, Body = text,
            Fields =
            [
                new EventField(EventFields.Host, s_host), new EventField(EventFields.Service, service),
                new EventField(EventFields.LogFilePath, path), .. options.Labels.Fields,
            ],
        });
    }

    /// <summary>Adds how far a file has been read.</summary>
    public void Add(FilePosition position) => _positions.Add(position);

    /// <summary>Adds a position that is no file's.</summary>
    public void Add(SourcePosition position) => _forgotten.Add(position);

    /// <summary>Adds that a file need not be remembered.</summary>
    public void Forget(FilePosition position) => Add(position.ToSource(options.Name) with { State = null });

    /// <summary>What was added since the last call, or null where there is nothing; whoever gets it disposes its events.</summary>
    public LogPart? Take()
    {
        int notes = _notes.Count - _submittedNotes, forgotten = _forgotten.Count - _submittedForgotten;
        if (_batch is null && _positions.Count == 0 && notes == 0 && forgotten == 0)
            return null;
        EventBatch batch = Batch();
        foreach (Event note in _notes.Skip(_submittedNotes))
            batch.Add(note);
        foreach (SourcePosition position in _forgotten.Skip(_submittedForgotten))
            batch.Add(position);
        foreach (FilePosition position in _positions)
            batch.Add(position.ToSource(options.Name));
        var part = new LogPart(batch, _positions, notes, forgotten);
        (_submittedNotes, _submittedForgotten) = (_notes.Count, _forgotten.Count);
        (_positions, _batch) = ([], null);
        return part;
    }

    /// <summary>A part is stored.</summary>
    public void Commit(LogPart part)
    {
        _notes.RemoveRange(0, part.Notes);
        _forgotten.RemoveRange(0, part.Forgotten);
        _submittedNotes -= part.Notes;
        _submittedForgotten -= part.Forgotten;
    }

    /// <summary>What was taken could not be stored: lines are read again, the rest is added again.</summary>
    public void Rewind() => (_submittedNotes, _submittedForgotten) = (0, 0);

    private EventBatch Batch() => _batch ??= new EventBatch(options.Name, 256);

    private string TextOf(ReadOnlySpan<byte> text) =>
        options.IsLatin && !Utf8.IsValid(text) ? Encoding.Latin1.GetString(text) : Encoding.UTF8.GetString(text);
}
