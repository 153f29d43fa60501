using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Metrics.Formats;
using Metrics.Formats.LineProtocol;
using Metrics.Formats.PrometheusText;
using Metrics.Model;

namespace Metrics.Tests.Formats;

/// <summary>
/// Random and mutated lines: no exception, no hang, and the answer of a slow, obvious reader. METRICS_FUZZ sets the number of inputs.
/// </summary>
public sealed partial class FuzzTests
{
    private static readonly int s_inputs =
        int.Parse(Environment.GetEnvironmentVariable("METRICS_FUZZ") ?? "100000", CultureInfo.InvariantCulture);

    private static readonly string[] s_seeds =
    [
        "http_requests_total{method=\"post\",code=\"200\"} 1027 1395066363000", "a{} 1", "a 1", "  a { b = \"c\" , } -Inf",
            "m{l=\"x\\\\y\\\"z\\n\"} 1e-3",
        "{\"a b\",\"c d\"=\"e\"} 5", "rpc_sum 1.7560473e+07 5", "# HELP a b\\nc", "# TYPE a counter", "#", "a{b=\"}\"} NaN",
            "foo_total 17.0 1520879607.789 # {id=\"x\"} 5",
    ];

    private static readonly string[] s_lineSeeds =
    [
        "cpu,host=a,region=eu value=1 1000", "m f=1i,g=\"t \\\" u\",h=true -5", "we\\ ather,lo\\,c=us\\=w t=82.5", "m,t=\\ f=1u",
            "# comment", " m f=.5e3 \r", "m f=\"a\nb\" 1",
    ];

    [Theory]
    [InlineData(ExpositionFormat.Text)]
    [InlineData(ExpositionFormat.OpenMetrics)]
    public void A_page_line_is_read_as_the_slow_reader_reads_it(ExpositionFormat format)
    {
        var random = new Random(20261123 + (int)format);
        var labels = new List<Label>();
        int accepted = 0;
        for (int i = 0; i < s_inputs; i++)
        {
            byte[] line = Mutate(random, s_seeds);
            if (line.AsSpan().Contains((byte)'\n'))
                continue;
            if (line.AsSpan().Trim(" \t"u8) is [(byte)'#', ..])
            {
                if (line[0] == '#' || format == ExpositionFormat.Text)
                    MetadataLine.TryRead(line, format, out _, out _);
                continue;
            }
            bool read = SeriesText.TryRead(line, format, labels, out int length, out _);
            SampleValue sample = default;
            read = read && SampleValue.TryRead(line.AsSpan(length), format, line[length - 1] == '}', out sample, out _, out _);
            string? ours = read ? Describe(labels, sample) : null;
            string? slow = SlowExposition.Read(line, format);
            if (ours != slow)
                ours.Should()
                    .Be(slow, $"the line is {System.Text.Json.JsonSerializer.Serialize(Encoding.Latin1.GetString(line))} ({format})");
            if (read)
            {
                accepted++;
                int measured = SeriesText.Measure(line);
                measured.Should()
                    .Be(length, $"the quick look and the whole reading must agree on good lines such as {Encoding.Latin1.GetString(line)}");
            }
        }
        accepted.Should().BeGreaterThan(s_inputs / 100, "a fuzz that only ever sees refusals tests nothing");
    }

    [Fact]
    public void A_line_of_line_protocol_is_read_as_the_slow_reader_reads_it()
    {
        var random = new Random(42);
        var point = new LineProtocolPoint();
        int accepted = 0;
        for (int i = 0; i < s_inputs; i++)
        {
            byte[] body = Mutate(random, s_lineSeeds);
            string ours = ReadAll(body, point, ref accepted);
            string slow = SlowLineProtocol.ReadAll(body);
            if (ours != slow)
                ours.Should().Be(slow, $"the body is {System.Text.Json.JsonSerializer.Serialize(Encoding.Latin1.GetString(body))}");
        }
        accepted.Should().BeGreaterThan(s_inputs / 100);
    }

    [Fact]
    public void Numbers_are_those_of_the_framework()
    {
        var random = new Random(7);
        for (int i = 0; i < s_inputs; i++)
        {
            double value = BitConverter.Int64BitsToDouble(random.NextInt64(long.MinValue, long.MaxValue));
            if (!double.IsFinite(value))
                continue;
            string text =
                (i % 3) switch { 0 => value.ToString("R", CultureInfo.InvariantCulture),
                    1 => value.ToString("E5", CultureInfo.InvariantCulture), _ =>
                    (random.Next(1_000_000) / 1000.0).ToString(CultureInfo.InvariantCulture) };
            FloatText.TryParse(Encoding.ASCII.GetBytes(text), out double read).Should().BeTrue(text);
            read.Should().Be(double.Parse(text, CultureInfo.InvariantCulture), text);
            double.Parse(FloatText.Format(value), CultureInfo.InvariantCulture).Should().Be(value);
        }
    }

    /// <summary>What the grammars care about, and bytes that are no UTF-8.</summary>
    private const string Palette = "\"\\{},= \t#\n\r09aeu.+-_:é\u00ff\0";

    private static byte[] Mutate(Random random, string[] seeds)
    {
        byte[] line = Encoding.UTF8.GetBytes(seeds[random.Next(seeds.Length)]);
        if (random.Next(20) == 0)
        {
            line = new byte[random.Next(40)];
            random.NextBytes(line);
        }
        for (int edits = random.Next(4); edits > 0 && line.Length > 0; edits--)
        {
            int at = random.Next(line.Length);
            byte b = (byte)Palette[random.Next(Palette.Length)];
            line = random.Next(3) switch
            {
                0 => [.. line[..at], .. line[(at + 1)..]],
                1 => [.. line[..at], b, .. line[at..]],
                _ => [.. line[..at], b, .. line[(at + 1)..]],
            };
        }
        return line;
    }

    private static string Describe(IEnumerable<Label> labels, SampleValue sample) =>
        string.Join('|', labels.Select(l => $"{l.Name}={l.Value}"))
            + $" {BitConverter.DoubleToInt64Bits(sample.Value):x} {(sample.HasTime ? sample.Time : "-")}";

    private static string ReadAll(byte[] body, LineProtocolPoint point, ref int accepted)
    {
        var reader = new LineProtocolReader(body);
        var all = new StringBuilder();
        while (true)
        {
            LineResult result = reader.Read(point, out _);
            if (result == LineResult.End)
                return all.ToString();
            if (result == LineResult.Refused)
            {
                all.Append("refused;");
                continue;
            }
            accepted++;
            all.Append(point.Measurement.Text(body, LineProtocolReader.MeasurementEscapes));
            foreach (TagToken tag in point.Tags)
                all.Append('|').Append(tag.Key.Text(body, LineProtocolReader.KeyEscapes)).Append('=')
                    .Append(tag.Value.Text(body, LineProtocolReader.KeyEscapes));
            foreach (FieldToken field in point.Fields)
            {
                string value = field.Kind == FieldKind.String
                    ? field.Value.Text(body, LineProtocolReader.StringEscapes)
                    : field.Number.ToString("R", CultureInfo.InvariantCulture);
                all.Append(' ').Append(field.Key.Text(body, LineProtocolReader.KeyEscapes)).Append('=').Append(field.Kind).Append(value);
            }
            all.Append('@').Append(point.Timestamp).Append(';');
        }
    }
}
