using Metrics.Model;
using Metrics.Scheduling;
using Metrics.Storage;
using Metrics.Storage.Events;

namespace Metrics.Inputs.Logs;

/// <summary>
/// Logs in files. What is read and how far is stored in one commit, one commit at a time while the next piece is read: after a crash, or
/// where a commit failed, it is read on from there, and nothing is lost or twice.
/// </summary>
internal sealed class LogsInput(LogsOptions options, EventLog events, TimeProvider time) : IInput
{
    /// <summary>How often it is looked for new files, and at all of them.</summary>
    private static readonly TimeSpan s_look = TimeSpan.FromSeconds(1);

    /// <summary>How long it waits at least between two looks: what comes in that time comes in one batch.</summary>
    private static readonly TimeSpan s_gather = TimeSpan.FromMilliseconds(100);

    /// <summary>How long it waits after a commit that failed.</summary>
    private static readonly TimeSpan s_afterFailure = TimeSpan.FromSeconds(1);

    private readonly WakeSignal _wake = new(time);

    /// <summary>A commit under way.</summary>
    private sealed record Commit(Task Committed, IReadOnlyList<(LogTail Tail, FilePosition Position)> Positions);

    /// <inheritdoc />
    public async Task RunAsync(IInputSink sink, CancellationToken stop, CancellationToken abort)
    {
        IReadOnlyList<SourcePosition> known = await events.PositionsAsync(options.Name, stop);
        using var files = new LogFiles(options, known.Select(FilePosition.From).OfType<FilePosition>(), sink.Counters, time);
        using var watch = new FolderWatch(_wake);
        var batch = new LogBatch(options, sink.Counters, time);
        Commit? under = null;
        long scanned = 0;
        bool isFirst = true;
        while (!stop.IsCancellationRequested)
        {
            batch.Begin();
            if (isFirst || time.GetElapsedTime(scanned) >= s_look)
            {
                scanned = time.GetTimestamp();
                files.Scan(batch);
                watch.Watch(files.Folders);
                if (isFirst)
                    sink.Ready($"{files.Count} files");
                isFirst = false;
            }
            bool hasMore = files.Read(batch);
            IReadOnlyList<(LogTail, FilePosition)> positions = files.AddPositions(batch);
            EventBatch? read = batch.Take();
            if (under is not null && (read is not null || under.Committed.IsCompleted))
            {
                bool isStored = await EndAsync(under, files);
                under = null;
                if (!isStored)
                {
                    read?.Dispose();
                    await _wake.WaitAsync(s_afterFailure, stop);
                    continue;
                }
            }
            if (read is not null)
                under = new Commit(await sink.SubmitAsync(read, abort), positions);
            if (!hasMore)
                await WaitAsync(stop);
        }
        if (under is not null)
            await EndAsync(under, files).WaitAsync(abort);
    }

    private async Task WaitAsync(CancellationToken stop)
    {
        long start = time.GetTimestamp();
        await _wake.WaitAsync(s_look, stop);
        TimeSpan rest = s_gather - time.GetElapsedTime(start);
        if (rest > TimeSpan.Zero && !stop.IsCancellationRequested)
            await Task.Delay(rest, time, CancellationToken.None);
    }

    /// <returns>Whether it is stored.</returns>
    private static async Task<bool> EndAsync(Commit commit, LogFiles files)
    {
        try
        {
            await commit.Committed;
        }
        catch (StoreException)
        {
            files.Rewind();
            return false;
        }
        foreach ((LogTail tail, FilePosition position) in commit.Positions)
            tail.Commit(position);
        return true;
    }
}
