using System.Globalization;

namespace Metrics.Telemetry;

/// <summary>How much memory the process may have before the kernel ends it.</summary>
/// <param name="Bytes">How much.</param>
/// <param name="Source">Who says so: the file, or <c>memory.limit</c>.</param>
/// <param name="IsHard">Whether the kernel ends us beyond it; else it is the machine's memory, which is everybody's.</param>
/// <remarks>cgroups(7); https://docs.kernel.org/admin-guide/cgroup-v2.html and cgroup-v1/memory.html.</remarks>
internal sealed record MemoryLimit(long Bytes, string Source, bool IsHard)
{
    /// <summary>Why it is too little to work with; null when it is not.</summary>
    public string? Fault() => Bytes < MemoryBudget.MinLimit
        ? $"metricsd may use {Bytes >> 20} MiB ({Source} says); {MemoryBudget.MinLimit >> 20} MiB at least"
        : null;

    /// <summary>
    /// Reads what the memory cgroups of the process allow, of version 1 or 2, from its own up to the topmost that can be seen, the least
    /// of them; without any it is the machine's memory.
    /// </summary>
    /// <param name="root">Where <c>/proc</c> and <c>/sys</c> are; tests have others.</param>
    public static MemoryLimit Read(string root = "/")
    {
        var machine = new MemoryLimit(ReadMachine(Path.Combine(root, "proc/meminfo")), "/proc/meminfo", IsHard: false);
        try
        {
            return Limits(root).Where(l => l.Bytes < machine.Bytes).MinBy(l => l.Bytes) ?? machine;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return machine;
        }
    }

    private static IEnumerable<MemoryLimit> Limits(string root)
    {
        string[] mounts = File.ReadAllLines(Path.Combine(root, "proc/self/mountinfo"));
        foreach (string line in File.ReadLines(Path.Combine(root, "proc/self/cgroup")))
        {
            // 4:memory:/some/path in version 1, 0::/some/path in version 2.
            if (line.Split(':', 3) is not [_, var controllers, var path])
                continue;
            bool isSecond = controllers.Length == 0;
            if (!isSecond && !controllers.Split(',').Contains("memory"))
                continue;
            string[] files = isSecond ? ["memory.max", "memory.high"] : ["memory.limit_in_bytes"];
            if (Array.Find([.. mounts.Select(Mount.Read)], m => m?.Holds(isSecond) == true) is not { } mount)
                continue;
            for (string? folder = mount.FolderOf(path); folder is not null; folder = mount.ParentOf(folder))
            {
                foreach (string file in files.Select(f => Path.Combine(folder, f)))
                {
                    if (ReadNumber(Path.Combine(root, file.TrimStart('/'))) is { } bytes)
                        yield return new MemoryLimit(bytes, file, IsHard: true);
                }
            }
        }
    }

    /// <summary>A number of bytes; null is a file that is not there, or says <c>max</c>.</summary>
    private static long? ReadNumber(string file) =>
        File.Exists(file) && long.TryParse(File.ReadAllText(file).Trim(), CultureInfo.InvariantCulture, out long bytes) && bytes > 0
            ? bytes
            : null;

    private static long ReadMachine(string file)
    {
        if (!File.Exists(file))
            return GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        string[] words = (File.ReadLines(file).FirstOrDefault() ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return words is ["MemTotal:", var kibibytes, ..] && long.TryParse(kibibytes, CultureInfo.InvariantCulture, out long total)
            ? total << 10
            : GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
    }

    /// <summary>A mounted hierarchy of cgroups: of which part (in a container that is its own), where, and of what.</summary>
    private sealed record Mount(string Root, string Point, string Kind, string Options)
    {
        /// <summary>Reads <c>35 31 0:32 /root /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory</c>.</summary>
        public static Mount? Read(string line)
        {
            string[] words = line.Split(' ');
            int dash = Array.IndexOf(words, "-");
            return dash > 4 && words.Length > dash + 3 ? new Mount(words[3], words[4], words[dash + 1], words[dash + 3]) : null;
        }

        public bool Holds(bool isSecond) => isSecond ? Kind == "cgroup2" : Kind == "cgroup" && Options.Split(',').Contains("memory");

        /// <summary>Where a cgroup is; one outside of what is mounted is at its top.</summary>
        public string FolderOf(string path)
        {
            string root = Root.TrimEnd('/');
            string below = path.StartsWith(root + "/", StringComparison.Ordinal) ? path[root.Length..] : "";
            return (Point + below).TrimEnd('/');
        }

        public string? ParentOf(string folder) =>
            folder.Length > Point.Length && folder.LastIndexOf('/') is var slash && slash >= Point.Length ? folder[..slash] : null;
    }
}
