using System.Buffers;
using System.Globalization;
using System.Text;
using Metrics.Alerting;
using Metrics.Configuration;
using Metrics.Formats;
using Metrics.Formats.PrometheusText;
using Metrics.Intake;
using Metrics.Model;
using Metrics.Query;
using Metrics.Query.Engine;
using Metrics.Querying;
using Metrics.Series;

namespace Metrics.Api;

/// <summary>
/// <c>/federate</c>: the newest sample of every series that a selector matches, in the Prometheus text format with its own time. A series
/// that ended (stale marker) or is older than the lookback is left out, so that nothing old looks fresh.
/// </summary>
/// <remarks>https://prometheus.io/docs/prometheus/latest/federation/</remarks>
internal sealed class Federation(
    Head head, MetadataTable metadata, QueryService queries, QueryEngine engine, Current<NotificationOptions> options, TimeProvider time)
{
    /// <summary>Its text on the page, one byte a character, and as what it is sorted by, two.</summary>
    private const int BytesPerLabelByte = 3;

    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    /// <summary>Reads selectors; the first that is wrong is told.</summary>
    public static bool TryReadSelectors(IEnumerable<string?> matches, out List<VectorSelector> selectors, out string? error)
    {
        selectors = [];
        error = null;
        foreach (string? match in matches)
        {
            if (!VectorSelector.TryParse(match ?? "", out VectorSelector? selector, out QueryError? fault))
            {
                error = fault!.ToString();
                return false;
            }
            selectors.Add(selector!);
        }
        return true;
    }

    /// <summary>Counts what a page holds, until it is sent.</summary>
    public QueryMemory NewMemory() => queries.NewMemory();

    /// <summary>Writes the page.</summary>
    /// <exception cref="QueryException">There is no memory for it; nothing is written.</exception>
    public void Write(IReadOnlyList<VectorSelector> selectors, IBufferWriter<byte> to, QueryMemory memory)
    {
        long now = time.GetUtcNow().ToUnixTimeMilliseconds();
        long after = now - (long)engine.Options.Lookback.TotalMilliseconds;
        // A sample that a poll wrote a moment ago may lie just ahead of the clock's last millisecond.
        long at = now + (long)head.Options.MaxFuture.TotalMilliseconds;
        var found = new Dictionary<Labels, Sample>();
        foreach (VectorSelector selector in selectors)
        {
            foreach (HeadSeries series in head.Select(selector.Matchers))
            {
                if (series.TryLast(at, after, out Sample sample) && found.TryAdd(series.Labels, sample))
                    memory.Hold(QueryMemory.SeriesBytes + (BytesPerLabelByte * Prometheus.ResultJson.EstimateBytes(series.Labels)));
            }
        }
        Labels external = options.Value.ExternalLabels;
        foreach (IGrouping<string, KeyValuePair<Labels, Sample>> family in found.GroupBy(f => f.Key.Name)
            .OrderBy(f => f.Key, StringComparer.Ordinal))
            WriteFamily(family, external, to);
    }

    private void WriteFamily(IGrouping<string, KeyValuePair<Labels, Sample>> family, Labels external, IBufferWriter<byte> to)
    {
        string name = PlainName(family.Key);
        MetricMetadata? known = metadata.Find(family.Key);
        if (known is { Help.Length: > 0 })
        {
            string help = known.Help.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
            Write(to, $"# HELP {name} {help}\n");
        }
        string type = known?.Type switch { MetricType.Counter => "counter", MetricType.Gauge => "gauge", _ => "untyped" };
        Write(to, $"# TYPE {name} {type}\n");
        var line = new StringBuilder();
        foreach ((Labels labels, Sample sample) in family.OrderBy(f => f.Key.ToString(), StringComparer.Ordinal))
        {
            line.Clear().Append(name);
            char separator = '{';
            bool hasInstance = false;
            foreach (Label label in labels)
            {
                if (label.Name == Labels.MetricName)
                    continue;
                hasInstance |= label.Name == "instance";
                line.Append(separator).Append(PlainName(label.Name)).Append('=').AppendQuoted(label.Value);
                separator = ',';
            }
            foreach (Label label in external)
            {
                if (labels[label.Name].Length > 0)
                    continue;
                hasInstance |= label.Name == "instance";
                line.Append(separator).Append(label.Name).Append('=').AppendQuoted(label.Value);
                separator = ',';
            }
            // Without it the scraper would attach its own.
            if (!hasInstance)
                line.Append(separator).Append("instance=\"\"");
            line.Append("} ").Append(FloatText.Format(sample.Value)).Append(' ').Append(sample.Time.ToString(CultureInfo.InvariantCulture))
                .Append('\n');
            Write(to, line.ToString());
        }
    }

    /// <summary>A name that every reader of text 0.0.4 takes: what it does not allow becomes an underscore.</summary>
    private static string PlainName(string name) =>
        Labels.IsPlainMetricName(name)
            ? name
            : string.Concat(name.Select((c, i) => char.IsAsciiLetterOrDigit(c) && (i > 0 || !char.IsAsciiDigit(c)) || c == '_' ? c : '_'));

    private static void Write(IBufferWriter<byte> to, string text) => Encoding.UTF8.GetBytes(text, to);
}
