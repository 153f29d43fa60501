using System.Buffers;
using System.Runtime.InteropServices;
using Metrics.Formats.LineProtocol;
using Metrics.Model;
using Metrics.Telemetry;

namespace Metrics.Storage.Samples.Influx;

/// <summary>
/// From samples to line protocol: measurement = the metric's family (the first two words of its name), field = the full metric name, tags =
/// labels; samples of one family, tag set and time share a line. Not thread-safe.
/// </summary>
/// <param name="dropped">Counts samples that have no form in line protocol, by reason.</param>
/// <param name="metrics">Counts texts that are changed.</param>
/// <param name="external">A label that all get that have none of its name; null is none.</param>
internal sealed class InfluxLines(Labelled<Counter> dropped, InfluxMetrics metrics, Label? external = null)
{
    private const int MaxKnown = 1_000_000;

    /// <summary>Limit of measurement and tags in a line (65,535 bytes in InfluxDB).</summary>
    private const int MaxKeyBytes = 65_000;

    private readonly Dictionary<Labels, Written?> _known = [];

    /// <summary>The written forms of a series: measurement and tags, field.</summary>
    private sealed record Written(string Prefix, byte[] PrefixBytes, byte[] Field);

    /// <summary>One line under way.</summary>
    private readonly record struct LineKey(string Prefix, long Time);

    /// <summary>The measurement of a metric: <c>node_cpu</c> of <c>node_cpu_seconds_total</c>.</summary>
    public static string Family(string metric)
    {
        int first = metric.IndexOf('_', StringComparison.Ordinal);
        int second = first < 0 ? -1 : metric.IndexOf('_', first + 1);
        return second < 0 ? metric : metric[..second];
    }

    /// <summary>Writes batches as requests of bounded size.</summary>
    /// <returns>Bodies, each with its number of lines.</returns>
    public List<(byte[] Body, int Lines)> Write(IReadOnlyList<SampleBatch> batches, int maxLines, int maxBytes)
    {
        var lines = new Dictionary<LineKey, List<(byte[] Field, double Value)>>();
        var prefixes = new Dictionary<string, byte[]>();
        int notFinite = 0, tooLong = 0;
        foreach (SampleBatch batch in batches)
        {
            ReadOnlySpan<Labels> series = batch.Series;
            for (int i = 0; i < series.Length; i++)
            {
                double value = batch.Values[i];
                if (!double.IsFinite(value))
                {
                    // A stale marker is no measurement: its absence tells the same.
                    notFinite += StaleMarker.Is(value) ? 0 : 1;
                    continue;
                }
                if (FormOf(series[i]) is not { } written)
                {
                    tooLong++;
                    continue;
                }
                prefixes.TryAdd(written.Prefix, written.PrefixBytes);
                ref List<(byte[], double)>? fields =
                    ref CollectionsMarshal.GetValueRefOrAddDefault(lines, new LineKey(written.Prefix, batch.Times[i]), out _);
                (fields ??= new(1)).Add((written.Field, value));
            }
        }
        if (notFinite > 0)
            dropped.WithLabels("not_finite").Inc(notFinite);
        if (tooLong > 0)
            dropped.WithLabels("rejected").Inc(tooLong);
        return Cut(lines, prefixes, maxLines, maxBytes);
    }

    private static List<(byte[] Body, int Lines)> Cut(
        Dictionary<LineKey, List<(byte[] Field, double Value)>> lines, Dictionary<string, byte[]> prefixes, int maxLines, int maxBytes)
    {
        var bodies = new List<(byte[], int)>();
        var body = new ArrayBufferWriter<byte>(64 * 1024);
        int count = 0;
        foreach ((LineKey key, List<(byte[] Field, double Value)> fields) in lines)
        {
            body.Write(prefixes[key.Prefix]);
            byte separator = (byte)' ';
            foreach ((byte[] field, double value) in fields)
            {
                LineProtocolWriter.WriteByte(body, separator);
                body.Write(field);
                LineProtocolWriter.WriteByte(body, (byte)'=');
                LineProtocolWriter.WriteNumber(body, value);
                separator = (byte)',';
            }
            LineProtocolWriter.WriteByte(body, (byte)' ');
            LineProtocolWriter.WriteInteger(body, key.Time);
            LineProtocolWriter.WriteByte(body, (byte)'\n');
            if (++count < maxLines && body.WrittenCount < maxBytes)
                continue;
            bodies.Add((body.WrittenSpan.ToArray(), count));
            body.ResetWrittenCount();
            count = 0;
        }
        if (count > 0)
            bodies.Add((body.WrittenSpan.ToArray(), count));
        return bodies;
    }

    private Written? FormOf(Labels labels)
    {
        if (_known.TryGetValue(labels, out Written? known))
            return known;
        if (_known.Count > MaxKnown)
            _known.Clear();
        bool changed = false;
        var prefix = new ArrayBufferWriter<byte>(128);
        changed |= LineProtocolWriter.WriteKey(prefix, Family(labels.Name), isMeasurement: true);
        Labels all = external is { } added && labels[added.Name].Length == 0 ? labels.With(added.Name, added.Value) : labels;
        foreach (Label label in all)
        {
            if (label.Name == Labels.MetricName)
                continue;
            LineProtocolWriter.WriteByte(prefix, (byte)',');
            changed |= LineProtocolWriter.WriteKey(prefix, label.Name);
            LineProtocolWriter.WriteByte(prefix, (byte)'=');
            changed |= LineProtocolWriter.WriteKey(prefix, label.Value);
        }
        var field = new ArrayBufferWriter<byte>(32);
        changed |= LineProtocolWriter.WriteKey(field, labels.Name);
        if (changed)
            metrics.TextsChanged.Inc();
        Written? written = prefix.WrittenCount > MaxKeyBytes
            ? null
            : new Written(
                System.Text.Encoding.UTF8.GetString(prefix.WrittenSpan), prefix.WrittenSpan.ToArray(), field.WrittenSpan.ToArray());
        // Of what the head does not have, more may come than there is memory for.
        return labels.Slot < 0 ? written : _known[labels] = written;
    }
}
