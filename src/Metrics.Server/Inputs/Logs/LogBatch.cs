using System.Text;
using System.Text.Unicode;
using Metrics.Formats.Logs;
using Metrics.Model;

namespace Metrics.Inputs.Logs;

/// <summary>Makes events of the records of one input's files. One thread at a time.</summary>
internal sealed class LogBatch(LogsOptions options, InputCounters counters, TimeProvider time)
{
    /// <summary>Rows and bytes at which a batch is handed on.</summary>
    private const int MaxRows = 32_768;
    private const long MaxBytes = 16L << 20;

    private static readonly string s_host = Environment.MachineName;

    private readonly LogRecord _record = new();
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
        EventBatch batch = _batch ??= new EventBatch(options.Name, 256);
        _record.AddTo(batch, Now, TextOf(text));
        batch.AddField(EventFields.Host, s_host);
        batch.AddField(EventFields.Service, service);
        batch.AddField(EventFields.LogFilePath, path);
        batch.AddField(EventFields.LogOffset, offset.ToString(System.Globalization.CultureInfo.InvariantCulture));
        foreach (EventField label in options.Labels.Fields)
            batch.AddField(label.Name, label.Value);
        return _record.Time;
    }

    /// <summary>Adds something that was noticed about a file, as an event.</summary>
    public void Note(string kind, string path, string service, string text)
    {
        EventBatch batch = _batch ??= new EventBatch(options.Name, 256);
        batch.Add(Now, Now, kind, Severity.Warning, text);
        batch.AddField(EventFields.Host, s_host);
        batch.AddField(EventFields.Service, service);
        batch.AddField(EventFields.LogFilePath, path);
        foreach (EventField label in options.Labels.Fields)
            batch.AddField(label.Name, label.Value);
    }

    /// <summary>Adds how far a file has been read.</summary>
    public void Add(FilePosition position) => (_batch ??= new EventBatch(options.Name, 16)).Add(position.ToSource(options.Name));

    /// <summary>Adds that a file need not be remembered.</summary>
    public void Forget(FilePosition position) =>
        (_batch ??= new EventBatch(options.Name, 16)).Add(position.ToSource(options.Name) with { State = null });

    /// <summary>What was added since the last call, or null; whoever gets it disposes it.</summary>
    public EventBatch? Take()
    {
        EventBatch? batch = _batch;
        _batch = null;
        return batch;
    }

    private string TextOf(ReadOnlySpan<byte> text) =>
        options.IsLatin && !Utf8.IsValid(text) ? Encoding.Latin1.GetString(text) : Encoding.UTF8.GetString(text);
}
