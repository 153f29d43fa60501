using System.Globalization;
using Metrics.Storage.Events.Evidence;

namespace Metrics.Reports;

/// <summary>Whether the event log is what it was, as the last check of its seals has found.</summary>
internal sealed class RecordReport(EvidenceMetrics evidence) : ReportSource
{
    public override string Title => "The record itself";

    public override Task<IReadOnlyList<ReportPart>> MakeAsync(ReportSpan span, CancellationToken ct)
    {
        (double altered, double at) = (evidence.Altered.Value, evidence.Checked.Value);
        string found = altered > 0
            ? string.Create(CultureInfo.InvariantCulture, $"{altered} sealed days are not what they were: metricsd evidence verify")
            : "no sealed day was altered";
        string note = at == 0
            ? "Not known: it was not checked since metricsd has started."
            : $"Checked at {ReportRenderer.Time((long)(at * 1e9))}: {found}.";
        return Task.FromResult<IReadOnlyList<ReportPart>>([ReportPart.Of(Title, note)]);
    }
}
