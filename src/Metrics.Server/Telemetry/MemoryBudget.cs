using System.Runtime.InteropServices;

namespace Metrics.Telemetry;

/// <summary>
/// What the memory of the process is for. A part is left to what is not ours to count (runtime, DuckDB, SQLite); the rest is the heap, of
/// which queries and bodies that are pushed to us have shares. What everything else needs grows with the series: when the heap is scarce
/// no new ones begin. Safe for use by several threads.
/// </summary>
/// <param name="limit">The limit of the process.</param>
/// <param name="time">The clock.</param>
internal sealed partial class MemoryBudget(MemoryLimit limit, TimeProvider time)
{
    /// <summary>The least that can be worked with: 256 MiB.</summary>
    public const long MinLimit = 256L << 20;

    /// <summary>The runtime and the programs' code, which must not be read from disk again and again.</summary>
    private const long ProgramBytes = 100L << 20;

    private const long MaxDatabaseBytes = 1L << 30;
    /// <summary>From this part of the heap on no new series begin; garbage may make it look fuller for a while, up to the next.</summary>
    private const double Scarce = 0.45;

    private const double Full = 0.7;
    private const int AskedPerLook = 64;

    /// <summary>Of the time at most this share goes into finding out what is garbage.</summary>
    private const double LookShare = 0.1;

    /// <summary>A heap beyond this is not collected to learn what lives: that would stop everything for seconds.</summary>
    private const long MostForced = 1L << 30;

    private readonly Lock _lock = new();
    private int _asked;
    private long _refused;
    private volatile bool _hasRoom = true;
    private long _live = long.MaxValue;
    private long _allocatedBefore = long.MinValue;
    private long _lookedAt;
    private TimeSpan _pause;

    /// <summary>The limit of the process.</summary>
    public MemoryLimit Limit => limit;

    /// <summary>For what databases in the process take beside the heap, bytes: a fifth, at most 1 GiB.</summary>
    public long DatabaseBytes { get; } = DatabasesOf(limit);

    /// <summary>What the heap may be, bytes. Of a whole machine, which others use too, we plan with three quarters.</summary>
    public long HeapBytes { get; } = HeapOf(limit);

    /// <summary>For what queries hold, results included.</summary>
    public MemoryShare Queries { get; } = new("queries", HeapOf(limit) / 5);

    /// <summary>For bodies that are pushed to us.</summary>
    public MemoryShare Bodies { get; } = new("pushes", HeapOf(limit) / 8);

    /// <summary>What was refused for want of memory: samples of new series, and of each share how often it was not enough.</summary>
    public IReadOnlyList<(string What, long Count)> Refused =>
        [("series", Volatile.Read(ref _refused)), (Queries.Name, Queries.Refused), (Bodies.Name, Bodies.Refused)];

    /// <summary>The budget by the limits that the system sets, or by the configuration where that asks for less.</summary>
    public static MemoryBudget Of(MemoryOptions options, TimeProvider time) => new(
        MemoryLimit.Read() is var system && options.LimitBytes is { } bytes && bytes < system.Bytes
            ? new MemoryLimit(bytes, "memory.limit", IsHard: true)
            : system,
        time);

    /// <summary>
    /// Holds the runtime to the budget, so that it collects garbage before the kernel looks for a victim, and fails an allocation, which
    /// can be caught, rather than be killed. Where the limit is only the machine's memory the runtime keeps its own ways.
    /// </summary>
    public void Apply()
    {
        if (!limit.IsHard)
            return;
        try
        {
            AppContext.SetData("GCHeapHardLimit", (ulong)HeapBytes);
            GC.RefreshMemoryLimit();
        }
        catch (InvalidOperationException)
        {
            // The runtime has taken more already; what it found of the cgroup by itself holds.
        }
        if (OperatingSystem.IsLinux())
            LimitArenas();
    }

    /// <summary>
    /// Whether something that stays may be begun: a new series. Cheap enough to be asked for each. What is on the heap counts; when that is
    /// much, garbage is collected first, now and then, to know how much of it lives.
    /// </summary>
    public bool HasRoom()
    {
        if (Interlocked.Increment(ref _asked) % AskedPerLook != 0)
            return _hasRoom;
        return _hasRoom = Look();
    }

    /// <summary>As <see cref="HasRoom"/>, and counts what is refused.</summary>
    public bool TryBegin()
    {
        bool hasRoom = HasRoom();
        if (!hasRoom)
            NoteRefused(1);
        return hasRoom;
    }

    /// <summary>Counts samples of new series that were refused.</summary>
    public void NoteRefused(int samples) => Interlocked.Add(ref _refused, samples);

    /// <summary>
    /// How full the heap is, as a part of what it may be: what lives on it, where that is much; garbage included, where it is not.
    /// </summary>
    public double Fill()
    {
        Look();
        return (double)Math.Min(Volatile.Read(ref _live), GC.GetTotalMemory(forceFullCollection: false)) / HeapBytes;
    }

    private static long DatabasesOf(MemoryLimit limit) => Math.Min(limit.Bytes / 5, MaxDatabaseBytes);

    private static long HeapOf(MemoryLimit limit) =>
        (limit.IsHard ? limit.Bytes : limit.Bytes / 4 * 3) - ProgramBytes - DatabasesOf(limit);

    private bool Look()
    {
        long scarce = (long)(HeapBytes * Scarce), full = (long)(HeapBytes * Full);
        long used = GC.GetTotalMemory(forceFullCollection: false);
        if (used < scarce)
            return true;
        if (used > MostForced)
            return LiveAtLastCollection(used) < scarce;
        lock (_lock)
        {
            if (IsWorthCollecting())
            {
                long start = time.GetTimestamp();
                GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true);
                (_live, _lookedAt) = (GC.GetTotalMemory(forceFullCollection: false), time.GetTimestamp());
                (_allocatedBefore, _pause) = (GC.GetTotalAllocatedBytes(), time.GetElapsedTime(start, _lookedAt));
                used = _live;
            }
            return used < scarce || (_live < scarce && used < full);
        }
    }

    /// <summary>What the last collection of everything has left.</summary>
    private long LiveAtLastCollection(long used)
    {
        GCMemoryInfo background = GC.GetGCMemoryInfo(GCKind.Background), full = GC.GetGCMemoryInfo(GCKind.FullBlocking);
        GCMemoryInfo last = background.Index > full.Index ? background : full;
        long live = last.Index > 0 ? Math.Min(used, last.HeapSizeBytes - last.FragmentedBytes) : used;
        Volatile.Write(ref _live, live);
        return live;
    }

    /// <summary>Enough was allocated since to change the answer, and the last time was cheap for the time that went by.</summary>
    private bool IsWorthCollecting() => _allocatedBefore == long.MinValue
        || (GC.GetTotalAllocatedBytes() - _allocatedBefore > HeapBytes / 20
            && time.GetElapsedTime(_lookedAt) * LookShare > _pause);

    /// <summary>The C library gives each thread that asks a heap of its own, of which little comes back: two will do.</summary>
    private static void LimitArenas()
    {
        const int ArenaMax = -8;
        try
        {
            _ = MallOpt(ArenaMax, 2);
        }
        catch (Exception e) when (e is EntryPointNotFoundException or DllNotFoundException)
        {
            // Another C library has none.
        }
    }

    [LibraryImport("libc", EntryPoint = "mallopt")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int MallOpt(int parameter, int value);
}
