using System.Globalization;

namespace Metrics.IntegrationTests;

/// <summary>A memory cgroup of a test's own, of version 1 or 2, below that of the tests. Needs root.</summary>
internal sealed class MemoryCgroup : IDisposable
{
    private readonly string _folder;
    private readonly bool _isSecond;

    private MemoryCgroup(string folder, bool isSecond) => (_folder, _isSecond) = (folder, isSecond);

    /// <summary>What a shell does to enter it.</summary>
    public string Enter => $"echo $$ > '{_folder}/cgroup.procs' && ";

    /// <summary>How often the kernel has ended somebody in it.</summary>
    public int Killed => File.ReadLines(Path.Combine(_folder, _isSecond ? "memory.events" : "memory.oom_control"))
        .Where(l => l.StartsWith("oom_kill ", StringComparison.Ordinal))
        .Sum(l => int.Parse(l["oom_kill ".Length..], CultureInfo.InvariantCulture));

    /// <summary>Makes one, or skips the calling test where that cannot be.</summary>
    public static MemoryCgroup Create(int mebibytes)
    {
        string limit = ((long)mebibytes << 20).ToString(CultureInfo.InvariantCulture);
        string name = $"metricsd-test-{Guid.NewGuid():N}";
        foreach (string line in OperatingSystem.IsLinux() ? File.ReadAllLines("/proc/self/cgroup") : [])
        {
            string[] words = line.Split(':', 3);
            bool isSecond = words[1].Length == 0;
            if (!isSecond && !words[1].Split(',').Contains("memory"))
                continue;
            string folder = Path.Combine(isSecond ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory", words[2].Trim('/'), name);
            try
            {
                Directory.CreateDirectory(folder);
                File.WriteAllText(Path.Combine(folder, isSecond ? "memory.max" : "memory.limit_in_bytes"), limit);
                return new MemoryCgroup(folder, isSecond);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Not here: another version, or not ours to make.
            }
        }
        Assert.Skip("no memory cgroup can be made here");
        return null!;
    }

    /// <summary>It goes with the last process in it.</summary>
    public void Dispose() => SpinWait.SpinUntil(TryDelete, TimeSpan.FromSeconds(2));

    private bool TryDelete()
    {
        try
        {
            Directory.Delete(_folder);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }
}
