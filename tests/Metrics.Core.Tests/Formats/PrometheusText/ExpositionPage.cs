using System.Text;
using Metrics.Formats;
using Metrics.Formats.PrometheusText;
using Metrics.Model;

namespace Metrics.Tests.Formats.PrometheusText;

/// <summary>Reads a whole page with the line parsers, as a scrape does.</summary>
internal static class ExpositionPage
{
    internal sealed record Entry(Labels Labels, double Value, long? Time);

    public static string? TryRead(byte[] page, ExpositionFormat format, List<Entry> samples, List<MetadataLine> metadata)
    {
        var labels = new List<Label>();
        bool ended = false;
        ReadOnlySpan<byte> rest = page;
        int number = 0;
        while (!rest.IsEmpty)
        {
            number++;
            int end = rest.IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = end < 0 ? rest : rest[..end];
            rest = end < 0 ? default : rest[(end + 1)..];
            if (ended)
                return $"{number}: text after # EOF";
            ReadOnlySpan<byte> visible = format == ExpositionFormat.Text ? line.Trim(" \t"u8) : line;
            if (visible.IsEmpty && format == ExpositionFormat.Text)
                continue;
            ParseFault fault;
            if (visible is [(byte)'#', ..])
            {
                if (!MetadataLine.TryRead(line, format, out MetadataLine told, out fault))
                    return $"{number}: {fault}";
                ended = told.Kind == LineKind.Eof;
                metadata.Add(told);
                continue;
            }
            if (!SeriesText.TryRead(line, format, labels, out int length, out fault)
                || !SampleValue.TryRead(line[length..], format, line[length - 1] == '}', out SampleValue sample, out _, out fault))
            {
                return $"{number}: {fault}";
            }
            if (!Labels.TryCreate(labels.ToArray(), out Labels? created, out string? repeated))
                return $"{number}: the label '{repeated}' is given twice";
            samples.Add(new Entry(created!, sample.Value, sample.HasTime ? sample.Time : null));
        }
        return format == ExpositionFormat.OpenMetrics && !ended ? "no # EOF" : null;
    }

    public static string? TryRead(string page, ExpositionFormat format, List<Entry> samples) =>
        TryRead(Encoding.UTF8.GetBytes(page), format, samples, []);
}
