using System.Text.RegularExpressions;
using Metrics.Model;

namespace Metrics.Pollers.Host;

/// <summary>Software RAID: state, disks active, failed, spare and missing, and progress of a rebuild in blocks of 1 KiB.</summary>
/// <remarks>Source: <c>/proc/mdstat</c>, man 4 md.</remarks>
internal sealed partial class MdRaidPoller(HostFiles files) : IPoller
{
    private static readonly string[] s_states = ["active", "inactive", "recovering", "resync", "check"];
    private static readonly Metric s_state = Metric.Gauge("node_md_state", "Indicates the state of md-device.", "device", "state");
    private static readonly Metric s_disks =
        Metric.Gauge("node_md_disks", "Number of active/failed/spare disks of device.", "device", "state");
    private static readonly Metric s_required = Metric.Gauge("node_md_disks_required", "Total number of disks of device.", "device");
    private static readonly Metric s_blocks = Metric.Gauge("node_md_blocks", "Total number of blocks on device.", "device");
    private static readonly Metric s_synced = Metric.Gauge("node_md_blocks_synced", "Number of blocks synced on device.", "device");

    public ValueTask PollAsync(SampleSink sink, CancellationToken ct)
    {
        string[] lines = HostFiles.LinesIfAny(files.Proc("mdstat"));
        for (int i = 0; i < lines.Length; i++)
        {
            Match device = Device().Match(lines[i]);
            if (device.Success)
                Add(sink, device, lines.Skip(i + 1).TakeWhile(l => l.StartsWith(' ')).ToList());
        }
        return ValueTask.CompletedTask;
    }

    private static void Add(SampleSink sink, Match device, List<string> details)
    {
        string name = device.Groups[1].Value, members = device.Groups[3].Value;
        bool active = device.Groups[2].Value == "active";
        string text = string.Join('\n', details);
        double blocks = BlocksLine().Match(text) is { Success: true } b ? HostFiles.Required(b.Groups[1].Value, "/proc/mdstat") : 0;
        Match progress = Progress().Match(text);
        Match counts = DiskCounts().Match(text);
        int listed = Member().Count(members), failed = FailedMember().Count(members), spare = SpareMember().Count(members);
        double required = counts.Success ? HostFiles.Required(counts.Groups[1].Value, "/proc/mdstat")
            : active ? listed - failed - spare
            : 0;
        double up = counts.Success ? HostFiles.Required(counts.Groups[2].Value, "/proc/mdstat") : active ? required : 0;
        string state = !active ? "inactive"
            : progress.Success ? progress.Groups[1].Value switch { "recovery" or "reshape" => "recovering", var s => s }
            : "active";
        foreach (string known in s_states)
            sink.Add(s_state, known == state ? 1 : 0, name, known);
        sink.Add(s_disks, up, name, "active");
        sink.Add(s_disks, failed, name, "failed");
        sink.Add(s_disks, spare, name, "spare");
        sink.Add(s_required, required, name);
        sink.Add(s_blocks, blocks, name);
        sink.Add(
            s_synced,
            progress.Success && progress.Groups[2].Success ? HostFiles.Required(progress.Groups[2].Value, "/proc/mdstat") : blocks, name);
    }

    [GeneratedRegex(@"^(md\S+)\s*:\s*(active|inactive)\s+(.*)$")]
    private static partial Regex Device();

    [GeneratedRegex(@"^\s*(\d+) blocks", RegexOptions.Multiline)]
    private static partial Regex BlocksLine();

    [GeneratedRegex(@"(recovery|resync|check|reshape)\s*=\s*(?:[\d.]+%\s*\((\d+)/\d+\))?")]
    private static partial Regex Progress();

    [GeneratedRegex(@"\[(\d+)/(\d+)\]")]
    private static partial Regex DiskCounts();

    [GeneratedRegex(@"\S+\[\d+\]")]
    private static partial Regex Member();

    [GeneratedRegex(@"\S+\[\d+\]\(F\)")]
    private static partial Regex FailedMember();

    [GeneratedRegex(@"\S+\[\d+\]\(S\)")]
    private static partial Regex SpareMember();
}
