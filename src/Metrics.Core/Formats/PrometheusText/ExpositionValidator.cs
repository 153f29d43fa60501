using System.Globalization;
using Metrics.Model;

namespace Metrics.Formats.PrometheusText;

/// <summary>
/// Says whether a page is exactly what its format demands. Scraping is more patient (as Prometheus is); this is for whoever writes an
/// exporter and for <c>metricsd check metrics</c>.
/// </summary>
/// <remarks>
/// OpenMetrics 1.0: https://github.com/prometheus/OpenMetrics/blob/main/specification/OpenMetrics.md ; text 0.0.4: as Prometheus's own
/// decoder library.
/// </remarks>
public static class ExpositionValidator
{
    /// <summary>Checks a page.</summary>
    /// <returns>The problems, each with its line; empty when there are none. Checking ends at the first line that cannot be read.</returns>
    public static List<string> Validate(ReadOnlySpan<byte> page, ExpositionFormat format)
    {
        IFamilyRules families = format == ExpositionFormat.OpenMetrics ? new OpenMetricsRules() : new TextRules();
        var labels = new List<Label>();
        int line = 0;
        bool ended = false;
        while (!page.IsEmpty)
        {
            line++;
            int end = page.IndexOf((byte)'\n');
            if (end < 0 && format == ExpositionFormat.Text)
                return Problem(line, "the last line does not end with a line feed");
            ReadOnlySpan<byte> text = end < 0 ? page : page[..end];
            page = end < 0 ? default : page[(end + 1)..];
            if (ended)
                return Problem(line, "text after # EOF");
            string? problem = CheckLine(text, format, families, labels, ref ended);
            if (problem is not null)
                return Problem(line, problem);
        }
        if (format == ExpositionFormat.OpenMetrics && !ended)
            return Problem(line, "the page does not end with # EOF");
        return families.End() is { } last ? Problem(line, last) : [];
    }

    private static string? CheckLine(
        ReadOnlySpan<byte> text, ExpositionFormat format, IFamilyRules families, List<Label> labels, ref bool ended)
    {
        ReadOnlySpan<byte> visible = format == ExpositionFormat.Text ? text.Trim(" \t"u8) : text;
        if (visible.IsEmpty)
            return format == ExpositionFormat.Text ? null : "a blank line";
        ParseFault fault;
        if (visible[0] == '#')
        {
            if (!MetadataLine.TryRead(text, format, out MetadataLine told, out fault))
                return fault.ToString();
            ended = told.Kind == LineKind.Eof;
            return ended ? families.End() : told.Kind == LineKind.Comment ? null : families.Describe(told);
        }
        if (!SeriesText.TryRead(text, format, labels, out int length, out fault)
            || !SampleValue.TryRead(
                text[length..], format, text[length - 1] == '}', out SampleValue sample, out ReadOnlySpan<byte> exemplar, out fault))
        {
            return fault.ToString();
        }
        if (!Labels.TryCreate(labels.ToArray(), out _, out string? repeated))
            return $"the label '{repeated}' is given twice";
        if (format == ExpositionFormat.Text && HasUnknownEscape(text[..length]))
            return "unknown escape in a label value; known are \\\\, \\\" and \\n";
        var exemplarLabels = new List<Label>();
        if (!exemplar.IsEmpty && !ExemplarText.TryRead(exemplar, exemplarLabels, out _, out fault))
            return fault.ToString();
        return families.Add(labels, sample, exemplar.IsEmpty ? null : exemplarLabels);
    }

    private static bool HasUnknownEscape(ReadOnlySpan<byte> series)
    {
        for (int i = series.IndexOf((byte)'\\'); i >= 0 && i + 1 < series.Length; i += 2)
        {
            if (series[i + 1] is not ((byte)'\\' or (byte)'"' or (byte)'n'))
                return true;
            int next = series[(i + 2)..].IndexOf((byte)'\\');
            if (next < 0)
                return false;
            i += next;
        }
        return false;
    }

    private static List<string> Problem(int line, string what) => [string.Create(CultureInfo.InvariantCulture, $"line {line}: {what}")];
}

/// <summary>The rules of a format that span lines. Each member gives a problem or null.</summary>
internal interface IFamilyRules
{
    string? Describe(MetadataLine told);

    string? Add(List<Label> labels, SampleValue sample, List<Label>? exemplar);

    string? End();
}

/// <summary>Text 0.0.4: one HELP and TYPE a metric, TYPE before its samples, sane buckets and quantiles.</summary>
internal sealed class TextRules : IFamilyRules
{
    private readonly Dictionary<string, MetricType> _types = [];
    private readonly HashSet<string> _helped = [];
    private readonly HashSet<string> _sampled = [];

    public string? Describe(MetadataLine told)
    {
        if (told.Kind == LineKind.Help)
            return _helped.Add(told.Name) ? null : $"second HELP line for metric name {told.Name}";
        MetadataLine.TryReadType(told.Text, ExpositionFormat.Text, out MetricType type);
        return !_sampled.Contains(told.Name) && _types.TryAdd(told.Name, type)
            ? null
            : $"second TYPE line for metric name {told.Name}, or TYPE reported after samples";
    }

    public string? Add(List<Label> labels, SampleValue sample, List<Label>? exemplar)
    {
        string name = labels[0].Value;
        _sampled.Add(name);
        foreach ((string suffix, string label, MetricType[] types) in new[]
        {
            ("", "quantile", (MetricType[])[MetricType.Summary]), ("_bucket", "le", [MetricType.Histogram, MetricType.GaugeHistogram]),
        })
        {
            if (!name.EndsWith(suffix, StringComparison.Ordinal)
                || !_types.TryGetValue(name[..^suffix.Length], out MetricType type)
                || !types.Contains(type))
                continue;
            string value = labels.Find(l => l.Name == label).Value ?? "";
            if (value.Length > 0 && !FloatText.TryParse(System.Text.Encoding.UTF8.GetBytes(value), out _))
                return $"expected a number as value of the label {label}";
        }
        bool isCount =
            (name.EndsWith("_count", StringComparison.Ordinal)
                && _types.GetValueOrDefault(name[..^6]) is MetricType.Histogram or MetricType.Summary)
            || (name.EndsWith("_bucket", StringComparison.Ordinal) && _types.GetValueOrDefault(name[..^7]) == MetricType.Histogram);
        return isCount && sample.Value < 0 ? $"negative count in {name}" : null;
    }

    public string? End() => null;
}
