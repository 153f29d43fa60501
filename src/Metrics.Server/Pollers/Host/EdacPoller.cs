using Metrics.Model;

namespace Metrics.Pollers.Host;

/// <summary>Memory errors that were corrected or not, by controller, row and channel.</summary>
/// <remarks>Source: <c>/sys/devices/system/edac/mc</c>, kernel Documentation/admin-guide/RAS/main.rst.</remarks>
internal sealed class EdacPoller(HostFiles files) : IPoller
{
    private static readonly Metric s_correctable =
        Metric.Counter("node_edac_correctable_errors_total", "Total correctable memory errors.", "controller");
    private static readonly Metric s_uncorrectable =
        Metric.Counter("node_edac_uncorrectable_errors_total", "Total uncorrectable memory errors.", "controller");
    private static readonly Metric s_rowCorrectable =
        Metric.Counter("node_edac_csrow_correctable_errors_total", "Total correctable memory errors for this csrow.", "controller",
            "csrow");
    private static readonly Metric s_rowUncorrectable =
        Metric.Counter("node_edac_csrow_uncorrectable_errors_total", "Total uncorrectable memory errors for this csrow.", "controller",
            "csrow");
    private static readonly Metric s_channel =
        Metric.Counter("node_edac_channel_correctable_errors_total", "Total correctable memory errors for this channel.", "controller",
            "csrow", "channel", "dimm_label");

    public ValueTask PollAsync(SampleSink sink, CancellationToken ct)
    {
        string root = files.Sys("devices/system/edac/mc");
        foreach (string controller in HostFiles.Entries(root, "mc").Where(n => n.Length > 2 && char.IsAsciiDigit(n[2])))
        {
            string folder = Path.Combine(root, controller), number = controller[2..];
            Add(s_correctable, Path.Combine(folder, "ce_count"), number);
            Add(s_uncorrectable, Path.Combine(folder, "ue_count"), number);
            // Errors that belong to no row are counted apart; node_exporter calls that row "unknown".
            Add(s_rowCorrectable, Path.Combine(folder, "ce_noinfo_count"), number, "unknown");
            Add(s_rowUncorrectable, Path.Combine(folder, "ue_noinfo_count"), number, "unknown");
            foreach (string row in HostFiles.Entries(folder, "csrow"))
            {
                string rowFolder = Path.Combine(folder, row), rowNumber = row[5..];
                Add(s_rowCorrectable, Path.Combine(rowFolder, "ce_count"), number, rowNumber);
                Add(s_rowUncorrectable, Path.Combine(rowFolder, "ue_count"), number, rowNumber);
                foreach (string channel in HostFiles.Entries(rowFolder, "ch").Where(c => c.EndsWith("_ce_count", StringComparison.Ordinal)))
                {
                    string channelNumber = channel[2..^"_ce_count".Length];
                    string label = HostFiles.TryText(Path.Combine(rowFolder, $"ch{channelNumber}_dimm_label")) ?? "";
                    Add(s_channel, Path.Combine(rowFolder, channel), number, rowNumber, channelNumber, label);
                }
            }
        }
        return ValueTask.CompletedTask;

        void Add(Metric metric, string file, params string[] labels)
        {
            if (HostFiles.TryNumber(file) is { } count)
                sink.Add(metric, count, labels);
        }
    }
}
