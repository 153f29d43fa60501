using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;
using Metrics.Model;

namespace Metrics.Pollers.Host;

/// <summary>Size, free and available bytes and inodes of mounted filesystems.</summary>
/// <remarks>
/// Source: <c>/proc/1/mounts</c> and statvfs(3). A mount that does not answer (a dead NFS server) gives <c>node_filesystem_device_error
/// 1</c> and is not asked again until it does. Virtual filesystems are left out.
/// </remarks>
internal sealed partial class FilesystemPoller(HostFiles files, TimeProvider time) : IPoller
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2);
    private static readonly string[] s_labels = ["device", "mountpoint", "fstype"];

    private static readonly Metric s_size = Gauge("node_filesystem_size_bytes", "Filesystem size in bytes.");
    private static readonly Metric s_free = Gauge("node_filesystem_free_bytes", "Filesystem free space in bytes.");
    private static readonly Metric s_available =
        Gauge("node_filesystem_avail_bytes", "Filesystem space available to non-root users in bytes.");
    private static readonly Metric s_files = Gauge("node_filesystem_files", "Filesystem total file nodes.");
    private static readonly Metric s_filesFree = Gauge("node_filesystem_files_free", "Filesystem total free file nodes.");
    private static readonly Metric s_readOnly = Gauge("node_filesystem_readonly", "Filesystem read-only status.");
    private static readonly Metric s_error =
        Gauge("node_filesystem_device_error", "Whether an error occurred while getting statistics for the given device.");

    /// <summary>Mounts whose last question has not been answered.</summary>
    private readonly ConcurrentDictionary<string, Task> _stuck = new();

    internal readonly record struct Mount(string Device, string MountPoint, string Type, bool ReadOnly);

    public async ValueTask PollAsync(SampleSink sink, CancellationToken ct)
    {
        string[] lines = HostFiles.LinesIfAny(files.Proc("1/mounts"));
        if (lines.Length == 0)
            lines = HostFiles.Lines(files.Proc("self/mounts"));
        var seen = new HashSet<Mount>();
        foreach (Mount mount in ParseMounts(lines))
        {
            if (!seen.Add(mount))
                continue;
            string[] labels = [mount.Device, mount.MountPoint, mount.Type];
            StatVfs? stat = await AskAsync(mount.MountPoint, ct);
            sink.Add(s_error, stat is null ? 1 : 0, labels);
            sink.Add(s_readOnly, mount.ReadOnly ? 1 : 0, labels);
            if (stat is not { } s)
                continue;
            sink.Add(s_size, (double)s.Blocks * s.FragmentSize, labels);
            sink.Add(s_free, (double)s.BlocksFree * s.FragmentSize, labels);
            sink.Add(s_available, (double)s.BlocksAvailable * s.FragmentSize, labels);
            sink.Add(s_files, s.Files, labels);
            sink.Add(s_filesFree, s.FilesFree, labels);
        }
    }

    /// <summary>The mounts worth reporting.</summary>
    internal static IEnumerable<Mount> ParseMounts(IEnumerable<string> lines)
    {
        foreach (string line in lines)
        {
            string[] words = HostFiles.Words(line);
            if (words.Length < 4)
                continue;
            string mountPoint = Unescape(words[1]);
            if (!IgnoredMountPoints().IsMatch(mountPoint) && !IgnoredTypes().IsMatch(words[2]))
                yield return new Mount(Unescape(words[0]), mountPoint, words[2], words[3].Split(',').Contains("ro"));
        }
    }

    private async Task<StatVfs?> AskAsync(string mountPoint, CancellationToken ct)
    {
        if (_stuck.ContainsKey(mountPoint))
            return null;
        Task<StatVfs?> question = Task.Run(
            () => AskFileSystem(Encoding.UTF8.GetBytes(files.Root(mountPoint) + "\0"), out StatVfs stat) == 0 ? stat : (StatVfs?)null, ct);
        _stuck[mountPoint] = question;
        try
        {
            return await question.WaitAsync(s_patience, time, ct);
        }
        catch (TimeoutException)
        {
            return null;
        }
        finally
        {
            _ = question.ContinueWith(
                _ => _stuck.TryRemove(mountPoint, out Task? _), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default);
        }
    }

    /// <summary>Blanks and backslashes stand as three octal digits in a list of mounts.</summary>
    private static string Unescape(string text) =>
        Octal().Replace(text, m => ((char)Convert.ToInt32(m.Groups[1].Value, 8)).ToString(CultureInfo.InvariantCulture));

    private static Metric Gauge(string name, string help) => Metric.Gauge(name, help, s_labels);

    [GeneratedRegex(@"\\([0-7]{3})")]
    private static partial Regex Octal();

    [GeneratedRegex("^/(dev|proc|run/credentials/.+|sys|var/lib/docker/.+|var/lib/containers/storage/.+)($|/)")]
    private static partial Regex IgnoredMountPoints();

    [GeneratedRegex("^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|fusectl|hugetlbfs|iso9660|mqueue|nsfs|overlay|proc|procfs|pstore|rpc_pipefs|securityfs|selinuxfs|squashfs|sysfs|tracefs|tmpfs_dev)$")]
    private static partial Regex IgnoredTypes();

    /// <summary><c>struct statvfs</c> of 64-bit Linux.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct StatVfs
    {
        public ulong BlockSize, FragmentSize, Blocks, BlocksFree, BlocksAvailable, Files, FilesFree, FilesAvailable, Id, Flags, MaxName;
        private readonly long _spare0, _spare1, _spare2;
    }

    [LibraryImport("libc", EntryPoint = "statvfs", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int AskFileSystem(byte[] path, out StatVfs stat);
}
