using System.Runtime.InteropServices;

namespace Metrics.Rules;

/// <summary>
/// Processor time of the thread at hand: what something costs, however many others want the core meanwhile. To be read twice on one thread.
/// </summary>
/// <remarks>man 2 clock_gettime, CLOCK_THREAD_CPUTIME_ID; where there is none, the clock on the wall stands in.</remarks>
internal static partial class ThreadClock
{
    private const int ThreadCpuTime = 3;

    [StructLayout(LayoutKind.Sequential)]
    private struct Timespec
    {
        public nint Seconds;
        public nint Nanoseconds;
    }

    /// <summary>The time that the thread has had so far; only differences say something.</summary>
    public static TimeSpan Read(TimeProvider time)
    {
        if (!OperatingSystem.IsLinux() || ClockGetTime(ThreadCpuTime, out Timespec spent) != 0)
            return time.GetElapsedTime(0);
        return TimeSpan.FromSeconds((double)spent.Seconds) + TimeSpan.FromMicroseconds(spent.Nanoseconds / 1000.0);
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int ClockGetTime(int clock, out Timespec spent);
}
