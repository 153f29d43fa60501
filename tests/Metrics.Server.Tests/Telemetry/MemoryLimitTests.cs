using Metrics.Telemetry;

namespace Metrics.Tests.Telemetry;

/// <summary>What the process may have is read from where the kernel keeps it, whichever version of cgroups it is.</summary>
public sealed class MemoryLimitTests : IDisposable
{
    private const string V1Mount = "35 31 0:32 ROOT /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory";
    private const string V2Mount = "41 31 0:38 ROOT /sys/fs/cgroup rw,relatime - cgroup2 cgroup2 rw";
    private const string OtherMount = "33 31 0:30 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu,cpuacct";
    private const long Machine = 16L << 30;
    private const string Unlimited = "9223372036854771712";

    private readonly string _root = Directory.CreateTempSubdirectory("limits").FullName;

    public MemoryLimitTests() => Put("proc/meminfo", $"MemTotal:       {Machine >> 10} kB\nMemFree: 1 kB\n");

    public void Dispose() => Directory.Delete(_root, true);

    [Theory]
    [InlineData("/a/b", "/", "a/b")]
    [InlineData("/docker/abc", "/docker/abc", "")]
    [InlineData("/elsewhere", "/docker/abc", "")]
    public void A_limit_of_version_1_is_found_where_the_group_is_mounted(string path, string root, string below)
    {
        Put("proc/self/cgroup", $"9:name=systemd:/\n4:memory:{path}\n1:cpu,cpuacct:/x\n0::/\n");
        Put("proc/self/mountinfo", $"{OtherMount}\n{V1Mount.Replace("ROOT", root, StringComparison.Ordinal)}\n");
        Put("sys/fs/cgroup/memory/memory.limit_in_bytes", Unlimited);
        Put(Path.Combine("sys/fs/cgroup/memory", below, "memory.limit_in_bytes"), "536870912\n");
        MemoryLimit.Read(_root).Should().Be(
            new MemoryLimit(512L << 20, Path.Combine("/sys/fs/cgroup/memory", below, "memory.limit_in_bytes"), IsHard: true));
    }

    [Fact]
    public void Of_groups_in_groups_of_version_2_the_least_counts()
    {
        Put("proc/self/cgroup", "0::/system.slice/metricsd.service\n");
        Put("proc/self/mountinfo", V2Mount.Replace("ROOT", "/", StringComparison.Ordinal) + "\n");
        Put("sys/fs/cgroup/system.slice/metricsd.service/memory.max", "max\n");
        Put("sys/fs/cgroup/system.slice/memory.max", $"{1L << 30}\n");
        MemoryLimit.Read(_root).Should().Be(new MemoryLimit(1L << 30, "/sys/fs/cgroup/system.slice/memory.max", IsHard: true));
        Put("sys/fs/cgroup/system.slice/metricsd.service/memory.high", $"{600 << 20}\n");
        MemoryLimit.Read(_root).Bytes.Should().Be(600 << 20, "beyond it the kernel slows us until we stand still");
    }

    [Theory]
    [InlineData(255, "metricsd may use 255 MiB (/sys/fs/cgroup/memory.max says); 256 MiB at least")]
    [InlineData(64, "metricsd may use 64 MiB (/sys/fs/cgroup/memory.max says); 256 MiB at least")]
    [InlineData(256, null)]
    public void With_too_little_it_does_not_start(long mebibytes, string? fault) =>
        new MemoryLimit(mebibytes << 20, "/sys/fs/cgroup/memory.max", IsHard: true).Fault().Should().Be(fault);

    [Theory]
    [InlineData("4:memory:/a\n", Unlimited)]
    [InlineData("4:memory:/a\n", "no number")]
    [InlineData("4:memory:/a\n", "-1")]
    [InlineData("no line of this kind\n::\n", "536870912")]
    [InlineData("4:cpu:/a\n", "536870912")]
    public void Without_a_limit_it_is_the_machines_memory(string group, string limit)
    {
        Put("proc/self/cgroup", group);
        Put("proc/self/mountinfo", $"nonsense\n- - -\n{V1Mount.Replace("ROOT", "/", StringComparison.Ordinal)}\n");
        Put("sys/fs/cgroup/memory/a/memory.limit_in_bytes", limit);
        MemoryLimit.Read(_root).Should().Be(new MemoryLimit(Machine, "/proc/meminfo", IsHard: false));
    }

    [Fact]
    public void Without_proc_it_is_what_the_runtime_knows() =>
        MemoryLimit.Read(Path.Combine(_root, "none")).Bytes.Should().BeGreaterThan(0);

    [Theory]
    [InlineData(256)]
    [InlineData(512)]
    [InlineData(4096)]
    public void The_parts_of_a_budget_are_no_more_than_the_whole(int mebibytes)
    {
        var budget = new MemoryBudget(new MemoryLimit((long)mebibytes << 20, "test", IsHard: true), TimeProvider.System);
        (budget.HeapBytes + budget.DatabaseBytes).Should().BeLessThan(budget.Limit.Bytes);
        (budget.Queries.Bytes + budget.Bodies.Bytes).Should().BeLessThan(budget.HeapBytes / 2);
        budget.Queries.TryTake(budget.Queries.Bytes).Should().BeTrue();
        budget.Queries.TryTake(1).Should().BeFalse();
        budget.Queries.GiveBack(budget.Queries.Bytes);
        (budget.Queries.InUse, budget.Queries.Refused).Should().Be((0, 1));
    }

    [Fact]
    public void Where_more_lives_than_the_budget_allows_there_is_no_room_for_new_series()
    {
        byte[][] much = [.. Enumerable.Range(0, 200).Select(_ => new byte[1 << 20])];
        var poor = new MemoryBudget(new MemoryLimit(256L << 20, "test", IsHard: true), TimeProvider.System);
        var rich = new MemoryBudget(new MemoryLimit(64L << 30, "test", IsHard: true), TimeProvider.System);
        Enumerable.Range(0, 200).Count(_ => poor.TryBegin()).Should().BeLessThan(100, "it looks now and then only");
        poor.Refused.Should().ContainSingle(r => r.What == "series" && r.Count > 100);
        poor.Fill().Should().BeGreaterThan(1);
        Enumerable.Range(0, 200).Should().OnlyContain(_ => rich.TryBegin());
        GC.KeepAlive(much);
    }

    private void Put(string file, string text)
    {
        string path = Path.Combine(_root, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }
}
