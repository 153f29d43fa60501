using System.Text;
using System.Text.Unicode;
using Metrics.Formats.Logs;
using Metrics.Model;

namespace Metrics.Inputs.Logs;

/// <summary>Makes events of the records of one input's files, with how far those were read. One thread at a time.</summary>
internal sealed class LogBatch(LogsOptions options, InputCounters counters, TimeProvider time)
{
    private static readonly string s_host = Environment.MachineName;

    private readonly LogRecord _record = new();
    private readonly OpenBatch _batch = new(options.Name, LogsInput.MaxUnderway);

    /// <summary>Whether it is to be handed on before more is read.</summary>
    public bool IsFull => _batch.IsFull;

    /// <summary>Whether nothing was added since it was last taken.</summary>
    public bool IsEmpty => _batch.IsEmpty;

    /// <summary>The present, nanoseconds since 1970 UTC.</summary>
    public long Now { get; private set; }

    /// <summary>Looks at the clock, for the records that come now.</summary>
    public void Begin() => Now = time.GetUnixNanoseconds();

    /// <summary>Adds a record.</summary>
    /// <param name="reader">Knows the format of its file.</param>
    /// <param name="text">Its bytes.</param>
    /// <param name="path">Its file.</param>
    /// <param name="service">The service where it says none.</param>
    /// <param name="offset">Where in the file it begins.</param>
    /// <returns>Its time; null where it says none.</returns>
    public long? Add(LogReader reader, ReadOnlySpan<byte> text, string path, string service, long offset)
    {
        reader.Read(text, _record);
        int cut = _batch.Events.Cuts.Bodies;
        if (options.Format?.Binary is { } binary)
            _record.AddTo(_batch.Events, Now, binary.Show(text.ToArray()), text.Length);
        else if (options.IsLatin && !Utf8.IsValid(text))
            _record.AddTo(_batch.Events, Now, Encoding.Latin1.GetString(text), text.Length);
        else
            _record.AddTo(_batch.Events, Now, text);
        if (_batch.Events.Cuts.Bodies > cut)
            counters.Add(InputError.TooLong);
        AddFields(path, service);
        _batch.Events.AddField(EventFields.LogOffset, offset);
        return _record.Time;
    }

    /// <summary>Adds something that was noticed about a file, as an event.</summary>
    public void Note(string kind, string path, string service, string text)
    {
        _batch.Events.Add(Now, Now, kind, Severity.Warning, text);
        AddFields(path, service);
        _batch.Events.CountNote();
    }

    /// <summary>Begins to account for what is read of a file now.</summary>
    public LedgerEntry Begin(FilePosition position)
    {
        var entry = new LedgerEntry
        {
            Source = options.Name, Part = position.Id, Path = position.Path, Inode = position.Inode, ReadAt = Now,
            Begins = position.Offset,
        };
        _batch.Events.Begin(entry);
        return entry;
    }

    /// <summary>Adds what was read of a file since that was begun.</summary>
    public void Add(LedgerEntry entry) => _batch.Events.Add(entry);

    /// <summary>Adds that something of a file was not read.</summary>
    /// <param name="reason">Why, one of <see cref="LedgerReasons"/>.</param>
    /// <param name="position">How far it was read.</param>
    /// <param name="isAtLeast">Whether more may be missing than was there when it was last read.</param>
    public void AddGap(string reason, FilePosition position, bool isAtLeast = true) => _batch.Events.Add(new LedgerGap
    {
        Source = options.Name, Part = position.Id, Path = position.Path, Inode = position.Inode, Reason = reason,
        Begins = position.Offset, Bytes = position.Unread, IsAtLeast = isAtLeast,
        FromTime = position.Newest > 0 ? position.Newest : position.Offset > 0 ? position.ReadAt * 1_000_000_000 : 0,
        ToTime = Now, FoundAt = Now,
    });

    /// <summary>Adds how far a file has been read.</summary>
    public void Add(FilePosition position) => _batch.Events.Add(position.ToSource(options.Name));

    /// <summary>Adds that a file need not be remembered.</summary>
    public void Forget(FilePosition position) => _batch.Events.Add(position.ToSource(options.Name) with { State = null });

    /// <summary>Counts bytes that were read.</summary>
    public void CountBytes(int count) => counters.AddBytes(count);

    /// <summary>What was added since the last call, or null; whoever gets it disposes it.</summary>
    public EventBatch? Take() => _batch.Take();

    private void AddFields(string path, string service)
    {
        EventBatch batch = _batch.Events;
        batch.AddField(EventFields.Host, s_host);
        batch.AddField(EventFields.Service, service);
        batch.AddField(EventFields.LogFilePath, path);
        foreach (EventField label in options.Labels.Fields)
            batch.AddField(label.Name, label.Value);
    }
}
