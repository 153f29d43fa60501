using System.Globalization;
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
    /// <summary>The key under which it is stored when the input first ran, among the ids of its files.</summary>
    private const string FirstRun = "first_run";

    /// <summary>How often it is looked for new files, and at all of them.</summary>
    private static readonly TimeSpan s_look = TimeSpan.FromSeconds(1);

    /// <summary>How long it waits at least between two looks: what comes in that time comes in one batch.</summary>
    private static readonly TimeSpan s_gather = TimeSpan.FromMilliseconds(100);

    private static readonly Backoff s_pauses = new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30));

    private readonly WakeSignal _wake = new(time);

    /// <summary>A commit under way.</summary>
    private sealed record Underway(Task Committed, LogPart Part);

    /// <inheritdoc />
    public async Task RunAsync(IInputSink sink, CancellationToken stop, CancellationToken abort)
    {
        var batch = new LogBatch(options, sink.Counters, time);
        using LogFiles files = await OpenAsync(sink.Counters, batch, stop);
        using var watch = new FolderWatch(_wake);
        Underway? commit = null;
        try
        {
            long scanned = 0;
            bool isReady = false;
            while (!stop.IsCancellationRequested)
            {
                batch.Begin();
                if (!isReady || time.GetElapsedTime(scanned) >= s_look)
                {
                    scanned = time.GetTimestamp();
                    files.Scan(batch);
                    watch.Watch(files.Folders);
                    if (!isReady)
                        sink.Ready("");
                    isReady = true;
                }
                bool hasMore = files.Read(batch);
                files.AddPositions(batch);
                LogPart? part = batch.Take();
                if (commit is not null && (part is not null || commit.Committed.IsCompleted))
                {
                    bool isStored = await EndAsync(commit, files, batch);
                    commit = null;
                    if (!isStored)
                    {
                        part?.Events.Dispose();
                        await WaitForStoreAsync(sink, stop, abort);
                        continue;
                    }
                }
                if (part is not null)
                    commit = new Underway(await sink.SubmitAsync(part.Events, abort), part);
                if (!hasMore)
                    await WaitAsync(stop);
            }
        }
        finally
        {
            // Whoever comes next reads on from what is stored by then.
            if (commit is not null && !abort.IsCancellationRequested)
                await commit.Committed.WaitAsync(abort).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<LogFiles> OpenAsync(InputCounters counters, LogBatch batch, CancellationToken stop)
    {
        IReadOnlyList<SourcePosition> known = await events.PositionsAsync(options.Name, stop);
        List<FilePosition> files = [.. known.Where(p => p.Key != FirstRun).Select(FilePosition.From).OfType<FilePosition>()];
        long now = time.GetUtcNow().ToUnixTimeSeconds();
        string? first = known.FirstOrDefault(p => p.Key == FirstRun)?.State;
        long lastRun = first is null ? 0 : long.Parse(first, CultureInfo.InvariantCulture);
        if (first is null)
            batch.Add(new SourcePosition(options.Name, FirstRun, now.ToString(CultureInfo.InvariantCulture)));
        return new LogFiles(options, files, files.Select(f => f.ReadAt).Append(lastRun).Max(), counters, time);
    }

    private async Task WaitAsync(CancellationToken stop)
    {
        long start = time.GetTimestamp();
        await _wake.WaitAsync(s_look, stop);
        TimeSpan rest = s_gather - time.GetElapsedTime(start);
        if (rest > TimeSpan.Zero && !stop.IsCancellationRequested)
            await Task.Delay(rest, time, CancellationToken.None);
    }

    /// <summary>
    /// Tries whether anything can be stored, with nothing: rules see lines as they come, and must not see the same ones with each try.
    /// </summary>
    private async Task WaitForStoreAsync(IInputSink sink, CancellationToken stop, CancellationToken abort)
    {
        for (int failures = 1; !stop.IsCancellationRequested; failures++)
        {
            await Task.Delay(s_pauses.After(failures), time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            try
            {
                await sink.CommitAsync(new EventBatch(options.Name, 1), abort);
                return;
            }
            catch (StoreException)
            {
                // Not yet.
            }
        }
    }

    /// <returns>Whether it is stored.</returns>
    private static async Task<bool> EndAsync(Underway commit, LogFiles files, LogBatch batch)
    {
        try
        {
            await commit.Committed;
        }
        catch (StoreException)
        {
            files.Rewind();
            batch.Rewind();
            return false;
        }
        files.Commit(commit.Part.Positions);
        batch.Commit(commit.Part);
        return true;
    }
}
