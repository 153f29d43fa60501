using Metrics.Formats.PrometheusText;
using Metrics.Intake;
using Metrics.Model;
using Metrics.Telemetry;

namespace Metrics.Pollers.Self;

/// <summary>
/// The daemon's own <c>metricsd_*</c> metrics, and the lines of logs that it has counted, so that rules and dashboards see them without
/// another server.
/// </summary>
internal sealed class SelfPoller(MetricRegistry metrics, LogCounts logs) : IPoller
{
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(15);

    /// <inheritdoc />
    public override string ToString() => "metricsd itself";

    public async ValueTask PollAsync(SampleSink sink, CancellationToken ct)
    {
        using var page = new MemoryStream();
        await metrics.WriteAsync(page, ct);
        Report(sink, page.GetBuffer().AsSpan(0, (int)page.Length));
        Report(sink, logs.Take());
    }

    private static void Report(SampleSink sink, IReadOnlyList<LogCount> counts)
    {
        foreach (LogCount count in counts)
        {
            if (count.WasZeroAt is { } before && before < sink.Time)
                sink.AddSeries(count.Metric, 0, count.Series, before);
            sink.AddSeries(count.Metric, count.Lines, count.Series);
        }
    }

    private static void Report(SampleSink sink, ReadOnlySpan<byte> page)
    {
        var labels = new List<Label>();
        foreach (Range range in page.Split((byte)'\n'))
        {
            ReadOnlySpan<byte> line = page[range];
            if (line.IsEmpty)
                continue;
            if (line[0] == '#')
            {
                Describe(sink, line);
                continue;
            }
            if (SeriesText.TryRead(line, ExpositionFormat.Text, labels, out int length, out _)
                && SampleValue.TryRead(
                    line[length..], ExpositionFormat.Text, line[length - 1] == '}', out SampleValue sample, out _, out _))
            {
                sink.Batch.Add(
                    sink.Series.Seen(Labels.Of(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(labels))), sink.Time, sample.Value);
            }
        }
    }

    private static void Describe(SampleSink sink, ReadOnlySpan<byte> line)
    {
        if (!MetadataLine.TryRead(line, ExpositionFormat.Text, out MetadataLine told, out _)
            || told.Kind is not (LineKind.Help or LineKind.Type))
            return;
        MetricMetadata before = sink.Series.Metadata(told.Name) ?? new MetricMetadata(MetricType.Unknown, "");
        MetricMetadata after = told.Kind == LineKind.Help ? before with { Help = told.Text }
            : MetadataLine.TryReadType(told.Text, ExpositionFormat.Text, out MetricType type) ? before with { Type = type } : before;
        if (sink.Series.IsNewMetadata(told.Name, after))
            sink.Batch.Describe(told.Name, after);
    }
}
