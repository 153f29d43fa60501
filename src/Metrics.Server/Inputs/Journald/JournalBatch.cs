using Metrics.Formats.EventJson;
using Metrics.Formats.Logs;
using Metrics.Model;

namespace Metrics.Inputs.Journald;

/// <summary>Makes events of a journal's entries. One thread at a time.</summary>
/// <param name="options">The input's.</param>
/// <param name="start">Where it was read to before.</param>
/// <param name="counters">Counts messages that are cut.</param>
/// <param name="time">The clock.</param>
internal sealed class JournalBatch(JournaldOptions options, JournalPosition start, InputCounters counters, TimeProvider time)
{
    private static readonly string s_host = Environment.MachineName;

    private readonly LogRecord _record = new();
    private readonly OpenBatch _batch = new(options.Name);
    private JournalPosition? _position;
    private bool _isFirst = true;

    /// <summary>Whether it is to be handed on before more is read.</summary>
    public bool IsFull => _batch.IsFull;

    /// <summary>Adds an entry; the first one is looked at for whether it is the one that was read last.</summary>
    public void Add(JournalEntry entry)
    {
        long now = time.GetUnixNanoseconds();
        string cursor = entry.Cursor;
        bool isFirst = _isFirst;
        _isFirst = false;
        if (isFirst && start.Cursor is not null)
        {
            if (cursor == start.Cursor)
                return;
            // Of other units it need not be among those that are read now.
            if (start.Units == options.Units)
                NoteGap(entry.Time ?? now, now);
        }
        entry.ReadTo(_record);
        string message = entry.Message;
        if (message.Length > EventBounds.MaxBodyLength)
            counters.Add(InputError.TooLong);
        _record.AddTo(_batch.Events, now, message, entry[JournalField.Message].Length);
        _batch.Events.AddField(EventFields.Host, s_host);
        _position = new JournalPosition(cursor, entry.Time, options.Units);
    }

    /// <summary>What was added since the last call, with how far that is, or null; whoever gets it disposes it.</summary>
    public EventBatch? Take()
    {
        EventBatch? batch = _batch.Take();
        if (_position is { } position)
            batch?.Add(position.ToSource(options));
        return batch;
    }

    private void NoteGap(long next, long now)
    {
        EventBatch batch = _batch.Events;
        string read = start.Time is { } last ? $"the entry of {EventTime.Format(last)}" : "an entry";
        batch.Add(now, now, EventKinds.LogGap, Severity.Warning,
            $"{options.Name} was read up to {read}, which is gone; "
            + $"what was written after it and before {EventTime.Format(next)} may be lost");
        batch.AddField(EventFields.Host, s_host);
        batch.AddField(EventFields.LogFilePath, options.Directory);
        batch.CountNote();
        batch.Add(new LedgerGap
        {
            Source = options.Name, Path = options.Directory ?? "", Reason = LedgerReasons.Gone, IsAtLeast = true,
            FromTime = start.Time ?? 0, ToTime = next, FoundAt = now,
        });
    }
}
