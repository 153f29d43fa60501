using System.Globalization;
using System.Runtime.InteropServices;

namespace Metrics.Telemetry;

/// <summary>
/// Gives back what starting needed and running does not, soon after the start and once more when all regular work has been done once: garbage, free lists of the C library, and pages of program files that only
/// loading touched (they are read again from the page cache should they be wanted). A monitor's neighbours want the memory more.
/// </summary>
/// <remarks>malloc_trim(3), madvise(2) MADV_PAGEOUT: harmless where the kernel does not know it. Linux only.</remarks>
internal sealed class StartupTrim(TimeProvider time) : BackgroundService
{
    private const int MadvisePageOut = 21;

    private static readonly TimeSpan[] s_pauses = [TimeSpan.FromSeconds(20), TimeSpan.FromMinutes(2)];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        foreach (TimeSpan pause in s_pauses)
        {
            await Task.Delay(pause, time, stoppingToken);
            if (OperatingSystem.IsLinux())
                await TrimAsync(stoppingToken);
        }
    }

    private static async Task TrimAsync(CancellationToken stoppingToken)
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        try
        {
            _ = malloc_trim(0);
            foreach (string line in await File.ReadAllLinesAsync("/proc/self/maps", stoppingToken))
            {
                if (TryReadFileMapping(line, out nint start, out nint length))
                    _ = madvise(start, length, MadvisePageOut);
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

#pragma warning disable SYSLIB1054, IDE1006 // LibraryImport would need unsafe code; the names are the library's
    [DllImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int malloc_trim(nint pad);

    [DllImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int madvise(nint address, nint length, int advice);
#pragma warning restore SYSLIB1054, IDE1006
}
