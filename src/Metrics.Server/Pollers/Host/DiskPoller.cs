using System.Text.RegularExpressions;
using Metrics.Model;

namespace Metrics.Pollers.Host;

/// <summary>Reads, writes, discards and flushes of block devices: counts, bytes (sectors of 512) and seconds.</summary>
/// <remarks>
/// Source: <c>/proc/diskstats</c>, kernel Documentation/admin-guide/iostats.rst; names and serials from udev's database. Partitions are
/// left out.
/// </remarks>
internal sealed partial class DiskPoller(HostFiles files) : IPoller
{
    private const double SectorBytes = 512;

    /// <summary>The columns behind the device name, with what a unit of each is worth.</summary>
    private static readonly (Metric Metric, double Factor)[] s_columns =
    [
        (Counter("node_disk_reads_completed_total", "The total number of reads completed successfully."), 1),
        (Counter("node_disk_reads_merged_total", "The total number of reads merged."), 1),
        (Counter("node_disk_read_bytes_total", "The total number of bytes read successfully."), SectorBytes),
        (Counter("node_disk_read_time_seconds_total", "The total number of seconds spent by all reads."), .001),
        (Counter("node_disk_writes_completed_total", "The total number of writes completed successfully."), 1),
        (Counter("node_disk_writes_merged_total", "The number of writes merged."), 1),
        (Counter("node_disk_written_bytes_total", "The total number of bytes written successfully."), SectorBytes),
        (Counter("node_disk_write_time_seconds_total", "This is the total number of seconds spent by all writes."), .001),
        (Metric.Gauge("node_disk_io_now", "The number of I/Os currently in progress.", "device"), 1),
        (Counter("node_disk_io_time_seconds_total", "Total seconds spent doing I/Os."), .001),
        (Counter("node_disk_io_time_weighted_seconds_total", "The weighted # of seconds spent doing I/Os."), .001),
        (Counter("node_disk_discards_completed_total", "The total number of discards completed successfully."), 1),
        (Counter("node_disk_discards_merged_total", "The total number of discards merged."), 1),
        (Counter("node_disk_discarded_sectors_total", "The total number of sectors discarded successfully."), 1),
        (Counter("node_disk_discard_time_seconds_total", "This is the total number of seconds spent by all discards."), .001),
        (Counter("node_disk_flush_requests_total", "The total number of flush requests completed successfully"), 1),
        (Counter("node_disk_flush_requests_time_seconds_total", "This is the total number of seconds spent by all flush requests."), .001),
    ];

    private static readonly Metric s_info = Metric.Gauge(
        "node_disk_info", "Info of /sys/block/<block_device>.", "device", "major", "minor", "path", "wwn", "model", "serial", "revision");

    public ValueTask PollAsync(SampleSink sink, CancellationToken ct)
    {
        foreach (string line in HostFiles.Lines(files.Proc("diskstats")))
        {
            string[] words = HostFiles.Words(line);
            if (words.Length < 4 || Ignored().IsMatch(words[2]))
                continue;
            for (int i = 0; i < s_columns.Length && i + 3 < words.Length; i++)
                sink.Add(s_columns[i].Metric, HostFiles.Required(words[i + 3], "/proc/diskstats") * s_columns[i].Factor, words[2]);
            AddInfo(sink, words[0], words[1], words[2]);
        }
        return ValueTask.CompletedTask;
    }

    private void AddInfo(SampleSink sink, string major, string minor, string device)
    {
        Dictionary<string, string> udev = HostFiles.LinesIfAny(files.Root($"run/udev/data/b{major}:{minor}"))
            .Where(l => l.StartsWith("E:", StringComparison.Ordinal) && l.Contains('=', StringComparison.Ordinal))
            .Select(l => l[2..].Split('=', 2))
            .GroupBy(p => p[0]).ToDictionary(g => g.Key, g => g.First()[1]);
        string serial = udev.GetValueOrDefault("SCSI_IDENT_SERIAL")
            ?? udev.GetValueOrDefault("ID_SERIAL_SHORT")
            ?? udev.GetValueOrDefault("ID_SERIAL", "");
        sink.Add(s_info, 1, device, major, minor, udev.GetValueOrDefault("ID_PATH", ""), udev.GetValueOrDefault("ID_WWN", ""),
            udev.GetValueOrDefault("ID_MODEL", ""), serial, udev.GetValueOrDefault("ID_REVISION", ""));
    }

    private static Metric Counter(string name, string help) => Metric.Counter(name, help, "device");

    [GeneratedRegex(@"^(ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\d+n\d+p)\d+$")]
    private static partial Regex Ignored();
}
