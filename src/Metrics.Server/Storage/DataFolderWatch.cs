using Metrics.Storage.Events;
using Metrics.Storage.Samples.DuckDb;
using Metrics.Storage.State;

namespace Metrics.Storage;

/// <summary>
/// Notices that a file which we have open was removed from the data folder, or another put in its place: what is written goes nowhere then,
/// and would be lost with the end of the process. As long as it is open it is whole, so it is put back.
/// And has the state return to its file, when that could not be written and can be now.
/// </summary>
/// <remarks>Linux: <c>/proc/self/fd</c> marks what is open and has no name any more; proc(5).</remarks>
internal sealed class DataFolderWatch(
    StorageOptions options, StateStore state, EventLog events, ISampleStore store, StateMetrics metrics, TimeProvider time)
    : BackgroundService
{
    private const string Reason = "it was removed or replaced while it was in use";
    private const string Gone = " (deleted)";
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(15);

    /// <summary>A file that is replaced by its own program is without a name for a moment: what counts is gone twice.</summary>
    private HashSet<string> _before = [];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(s_interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
            await GuardAsync(() => LookAsync(stoppingToken), stoppingToken);
    }

    private Task GuardAsync(Func<Task> work, CancellationToken ct) => metrics.Faults.GuardAsync("data folder", work, time, ct);

    private async Task LookAsync(CancellationToken ct)
    {
        if (state.IsInMemory)
            await GuardAsync(() => Task.Run(state.TryLeaveMemory, ct), ct);
        if (!Directory.Exists("/proc/self/fd"))
            return;
        HashSet<string> gone = FindGone();
        HashSet<string> lost = [.. gone.Intersect(_before)];
        _before = gone;
        if (lost.Any(f => f.StartsWith("state.db", StringComparison.Ordinal)))
            await GuardAsync(() => Task.Run(() => state.Restore(Reason), ct), ct);
        if (lost.Any(f => f.StartsWith("events.duckdb", StringComparison.Ordinal)))
            await GuardAsync(() => events.RestoreAsync(Reason, ct), ct);
        if (store is DuckDbStore samples && lost.Any(f => f.StartsWith("metrics.duckdb", StringComparison.Ordinal)))
            await GuardAsync(() => samples.RestoreAsync(Reason, ct), ct);
    }

    /// <summary>Names of files in the data folder that are open and no longer there.</summary>
    private HashSet<string> FindGone()
    {
        string path = Path.GetFullPath(options.Path);
        string folder =
            (Directory.Exists(path) ? Directory.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName : null) ?? path;
        folder += Path.DirectorySeparatorChar;
        var gone = new HashSet<string>();
        foreach (FileInfo open in new DirectoryInfo("/proc/self/fd").EnumerateFiles())
        {
            if (TargetOf(open) is { } target && target.StartsWith(folder, StringComparison.Ordinal)
                && target.EndsWith(Gone, StringComparison.Ordinal))
                gone.Add(target[folder.Length..^Gone.Length]);
        }
        return gone;
    }

    private static string? TargetOf(FileInfo open)
    {
        try
        {
            return open.LinkTarget;
        }
        catch (IOException)
        {
            return null;   // closed meanwhile
        }
    }
}
