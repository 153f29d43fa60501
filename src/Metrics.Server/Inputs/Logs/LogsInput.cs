using System.Globalization;
using Metrics.Model;
using Metrics.Scheduling;
using Metrics.Storage;
using Metrics.Storage.Events;

namespace Metrics.Inputs.Logs;

/// <summary>
/// Logs in files. What is read and how far is stored in one commit; while one piece is stored, the next is understood and the one behind
/// it is read. Where a commit fails, so do those behind it and the input, and its next start goes on from what is stored: nothing is lost
/// or twice.
/// </summary>
internal sealed class LogsInput(LogsOptions options, EventLog events, TimeProvider time) : IInput
{
    /// <summary>The key under which it is stored when the input was last started, among the ids of its files.</summary>
    private const string LastStart = "last_start";

    /// <summary>How often it is looked for new files, and at all of them.</summary>
    private static readonly TimeSpan s_look = TimeSpan.FromSeconds(1);

    /// <summary>How long it waits at least between two looks: what comes in that time comes in one batch.</summary>
    private static readonly TimeSpan s_gather = TimeSpan.FromMilliseconds(100);

    /// <summary>Pieces on their way at a time.</summary>
    internal const int MaxUnderway = 2;

    private readonly WakeSignal _wake = new(time);

    /// <inheritdoc />
    public async Task RunAsync(IInputSink sink, CancellationToken stop, CancellationToken abort)
    {
        using LogFiles files = await OpenAsync(sink, stop);
        using var watch = new FolderWatch(_wake);
        var batch = new LogBatch(options, sink.Counters, time);
        var order = new CommitOrder();
        var underway = new Queue<Piece>();
        bool isProven = false;
        long? scanned = null;
        try
        {
            while (!stop.IsCancellationRequested)
            {
                batch.Begin();
                if (scanned is null || time.GetElapsedTime(scanned.Value) >= s_look)
                {
                    files.Scan(batch);
                    watch.Watch(files.Folders);
                    if (scanned is null)
                        sink.Ready($"{files.Count} files at the start");
                    scanned = time.GetTimestamp();
                }
                bool hasMore;
                // Who has much to catch up on commits much at a time, once some of it could be stored: what cannot is seen twice by rules.
                do
                    hasMore = files.Read(batch);
                while (hasMore && isProven && !batch.IsFull && !stop.IsCancellationRequested);
                while (underway.TryPeek(out Piece? piece) && (piece.Committed.IsCompleted
                    || (underway.Count == (isProven ? MaxUnderway : 1) && (!batch.IsEmpty || files.HasPositions))))
                {
                    await CommitAsync(piece, files, sink.Counters);
                    underway.Dequeue();
                    isProven = true;
                }
                sink.Counters.Unread = files.Unread;
                IReadOnlyList<(LogTail, FilePosition)> read = files.AddPositions(batch);
                if (batch.Take() is { } taken)
                {
                    Task committed = await sink.SubmitAsync(taken, order, abort);
                    underway.Enqueue(new Piece(committed, read));
                    _ = WakeAfterAsync(committed);
                }
                if (!hasMore)
                    await WaitAsync(watch, stop);
            }
        }
        finally
        {
            // Whoever comes next reads on from what is stored by then.
            await Task.WhenAll(underway.Select(p => p.Committed)).WaitAsync(abort).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<LogFiles> OpenAsync(IInputSink sink, CancellationToken stop)
    {
        IReadOnlyList<SourcePosition> known = await events.PositionsAsync(options.Name, stop);
        List<FilePosition> files = [.. known.Where(p => p.Key != LastStart).Select(FilePosition.From).OfType<FilePosition>()];
        string? last = known.FirstOrDefault(p => p.Key == LastStart)?.State;
        _ = long.TryParse(last, NumberStyles.None, CultureInfo.InvariantCulture, out long lastStart);
        // Rules see lines before they are stored: they are handed over where something can be, else rules would see them with each try.
        var start = new EventBatch(options.Name, 1);
        start.Add(new SourcePosition(options.Name, LastStart, time.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture)));
        var found = new LogFiles(options, files, files.Select(f => f.ReadAt).Append(lastStart).Max(), sink.Counters, time);
        sink.Counters.Unread = found.Ahead();
        await sink.CommitAsync(start, stop);
        return found;
    }

    /// <summary>Waits for a commit; of one that takes long it is said meanwhile how much lies there.</summary>
    private async Task CommitAsync(Piece piece, LogFiles files, InputCounters counters)
    {
        Task committed = piece.Committed;
        while (!committed.IsCompleted)
        {
            await committed.WaitAsync(s_look, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (committed.IsCompleted)
                break;
            files.Look();
            counters.Unread = files.Unread;
        }
        await committed;
        files.Commit(piece.Read);
    }

    /// <summary>What is stored is no longer unread, also where nothing more comes.</summary>
    private async Task WakeAfterAsync(Task committed)
    {
        await committed.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _wake.Wake();
    }

    private async Task WaitAsync(FolderWatch watch, CancellationToken stop)
    {
        long start = time.GetTimestamp();
        watch.Arm();
        await _wake.WaitAsync(s_look, stop);
        TimeSpan rest = s_gather - time.GetElapsedTime(start);
        if (rest > TimeSpan.Zero && !stop.IsCancellationRequested)
            await Task.Delay(rest, time, CancellationToken.None);
    }

    /// <summary>What was read and is on its way.</summary>
    /// <param name="Committed">Ends when it is stored.</param>
    /// <param name="Read">How far each file was read with it.</param>
    private sealed record Piece(Task Committed, IReadOnlyList<(LogTail Tail, FilePosition Position)> Read);
}
