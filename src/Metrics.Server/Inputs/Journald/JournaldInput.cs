using Metrics.Inputs.Logs;
using Metrics.Model;
using Metrics.Storage.Events;

namespace Metrics.Inputs.Journald;

/// <summary>
/// A journal of systemd's. Entries and how far they reach are stored in one commit, one commit at a time while the next entries are read.
/// Where a commit or journalctl fails, so does the input, and its next start goes on from what is stored: nothing is lost or twice.
/// </summary>
internal sealed class JournaldInput(JournaldOptions options, EventLog events, TimeProvider time) : IInput
{
    /// <inheritdoc />
    public async Task RunAsync(IInputSink sink, CancellationToken stop, CancellationToken abort)
    {
        JournalPosition position = JournalPosition.Find(await events.PositionsAsync(options.Name, stop), options)
            ?? await BeginAsync(stop);
        // Rules see entries before they are stored: they are handed over where something can be, else rules would see them with each try.
        var start = new EventBatch(options.Name, 1);
        start.Add(position.ToSource(options));
        await sink.CommitAsync(start, stop);
        // Where neither its entry nor a later one is there, of any unit, the journal was emptied or is another one: all of it is new.
        bool isThere = await Journalctl.FindAsync(options with { Units = "" }, position.Cursor, stop) is not null;
        using Journalctl journal = Journalctl.Follow(options, isThere ? position.Cursor : null);
        await using CancellationTokenRegistration onStop = stop.Register(journal.Stop);
        sink.Ready(options.Directory is { } directory ? $"journal in {directory}" : "journal of this machine");
        await FollowAsync(journal, new JournalBatch(options, position, sink.Counters, time), sink, abort);
        string ended = await journal.EndedAsync();
        if (!stop.IsCancellationRequested)
            throw new IOException(ended);
    }

    /// <summary>At the first start: what comes after it is read, also where it comes while the daemon is away.</summary>
    private async Task<JournalPosition> BeginAsync(CancellationToken stop)
    {
        JournalPosition? newest = options.Start == LogStart.End ? await Journalctl.FindAsync(options, null, stop) : null;
        return newest ?? new JournalPosition(null, null, options.Units);
    }

    /// <summary>Reads until it ends.</summary>
    private static async Task FollowAsync(Journalctl journal, JournalBatch batch, IInputSink sink, CancellationToken abort)
    {
        Task<int> reading = journal.ReadAsync();
        Task committed = Task.CompletedTask;
        while (true)
        {
            if (committed.IsCompleted)
            {
                await committed;
                if (batch.Take() is { } taken)
                    committed = await sink.SubmitAsync(taken, null, abort);
            }
            if (batch.IsFull)
                await committed;
            else
                await Task.WhenAny(committed.IsCompleted ? reading : committed, reading);
            if (!reading.IsCompleted || batch.IsFull)
                continue;
            int count = await reading;
            if (count == 0)
                break;
            sink.Counters.AddBytes(count);
            while (journal.TryTake())
                batch.Add(journal.Entry);
            reading = journal.ReadAsync();
        }
        await committed;
    }
}
