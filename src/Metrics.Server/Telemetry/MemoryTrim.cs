using System.Globalization;
using System.Runtime.InteropServices;

namespace Metrics.Telemetry;

/// <summary>
/// Gives memory back that nobody uses: soon after the start, and then whenever the heap holds much more than lives on it and it is calm, or
/// has been so for long. What goes is garbage, free lists of the C library, and, while the daemon is young, pages of program files that
/// only loading touched (they are read again from the page cache should they be wanted). A monitor's neighbours want the memory more.
/// </summary>
/// <remarks>malloc_trim(3), madvise(2) MADV_PAGEOUT: harmless where the kernel does not know it. Linux only.</remarks>
internal sealed partial class MemoryTrim(MetricRegistry registry, TimeProvider time) : BackgroundService
{
    private const int MadvisePageOut = 21;
    private const int YoungRounds = 2;
    private const long MuchUnused = 32L << 20;

    /// <summary>Compacting a larger heap would stop the world for longer than an alert may take.</summary>
    private const long LargestHeap = 1L << 30;

    private static readonly TimeSpan s_first = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan s_interval = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan s_look = TimeSpan.FromSeconds(10);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        registry.Faults.GuardAsync("memory", () => TrimNowAndThenAsync(stoppingToken), time, stoppingToken);

    private async Task TrimNowAndThenAsync(CancellationToken stoppingToken)
    {
        await Task.Delay(s_first, time, stoppingToken);
        if (!OperatingSystem.IsLinux())
            return;
        using var timer = new PeriodicTimer(s_look, time);
        (int round, long due, long before, long collected) = (0, time.GetTimestamp(), 0, 0);
        do
        {
            long allocated = GC.GetTotalAllocatedBytes();
            // After a burst at once, once it is calm and there has been something to forget; under load now and then.
            bool isCalm = allocated - before < MuchUnused && allocated - collected > MuchUnused;
            before = allocated;
            bool isDue = time.GetTimestamp() >= due, isYoung = isDue && round < YoungRounds;
            if (!isDue && !isCalm)
                continue;
            GCMemoryInfo heap = GC.GetGCMemoryInfo();
            long used = heap.HeapSizeBytes - heap.FragmentedBytes;
            if (used < LargestHeap && (isYoung || heap.TotalCommittedBytes - used > Math.Max(MuchUnused, used / 4)))
            {
                GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
                collected = GC.GetTotalAllocatedBytes();
            }
            await TrimAsync(isYoung, stoppingToken);
            if (isDue)
                (round, due) = (round + 1, time.GetTimestamp() + (long)(s_interval.TotalSeconds * time.TimestampFrequency));
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private static async Task TrimAsync(bool programFiles, CancellationToken stoppingToken)
    {
        try
        {
            _ = MallocTrim(0);
            if (!programFiles)
                return;
            foreach (string line in await File.ReadAllLinesAsync("/proc/self/maps", stoppingToken))
            {
                if (TryReadFileMapping(line, out nint start, out nint length))
                    _ = Madvise(start, length, MadvisePageOut);
            }
        }
        catch (Exception e) when (e is EntryPointNotFoundException or DllNotFoundException or IOException)
        {
            // Another C library: then the memory stays.
        }
    }

    /// <summary>Reads <c>start-end r-xp offset device inode /path</c>, for mappings of files that are not written.</summary>
    internal static bool TryReadFileMapping(string line, out nint start, out nint length)
    {
        (start, length) = (0, 0);
        string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words.Length < 6 || words[5][0] != '/' || words[5].StartsWith("/memfd", StringComparison.Ordinal) || words[1][1] == 'w')
            return false;
        string[] ends = words[0].Split('-');
        if (!long.TryParse(ends[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out long from)
            || !long.TryParse(ends[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out long to))
        {
            return false;
        }
        (start, length) = ((nint)from, (nint)(to - from));
        return true;
    }

    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int MallocTrim(nint pad);

    [LibraryImport("libc", EntryPoint = "madvise")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Madvise(nint address, nint length, int advice);
}
