using System.Buffers;
using System.Globalization;
using System.Text;
using BenchmarkDotNet.Attributes;
using Metrics.Configuration;
using Metrics.Formats;
using Metrics.Formats.LineProtocol;
using Metrics.Formats.PrometheusText;
using Metrics.Hosting;
using Metrics.Model;
using Metrics.Pollers;
using Metrics.Pollers.Scrape;
using Metrics.Rules;
using Metrics.Series;

namespace Metrics.Benchmarks;

/// <summary>A page of 10,000 series: with the memory of the last scrape, and parsed in full.</summary>
[MemoryDiagnoser]
public class TextBenchmarks
{
    private const int Lines = 10_000;

    private readonly byte[] _page = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, Lines).Select(i =>
        $"http_requests_total{{host=\"compute-{i:0000}.example.org\",method=\"GET\",code=\"200\",handler=\"/v2/servers\"}} {i * 3}.25\n")));

    private readonly TargetSeries _series = new([new Label("job", "bench"), new Label("instance", "a:1")]);
    private readonly List<Label> _labels = [];
    private ScrapePoller _poller = null!;

    [GlobalSetup]
    public async Task Setup()
    {
        _poller =
            new ScrapePoller(
                MetricsOptions.Parse("scrape_configs: [ { job_name: bench } ]").Targets.OfType<ScrapeJob>().First(), null!,
                new Uri("http://a:1/"), TimeSpan.FromSeconds(5), TimeProvider.System);
        await Known();
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Lines)]
    public int ParsedInFull()
    {
        int count = 0;
        ReadOnlySpan<byte> rest = _page;
        while (rest.IndexOf((byte)'\n') is var end and >= 0)
        {
            ReadOnlySpan<byte> line = rest[..end];
            rest = rest[(end + 1)..];
            if (SeriesText.TryRead(line, ExpositionFormat.Text, _labels, out int length, out _)
                && SampleValue.TryRead(line[length..], ExpositionFormat.Text, true, out _, out _, out _))
            {
                count++;
            }
        }
        return count;
    }

    [Benchmark(OperationsPerInvoke = Lines)]
    public async Task<int> Known()
    {
        using var batch = new SampleBatch("bench", Lines);
        _series.Begin();
        await _poller.ReadAsync(new MemoryStream(_page), ExpositionFormat.Text, new SampleSink(_series, batch, 1), default);
        return batch.Count;
    }
}

/// <summary>Line protocol, both ways.</summary>
[MemoryDiagnoser]
public class LineProtocolBenchmarks
{
    private const int Lines = 10_000;

    private readonly byte[] _body = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, Lines).Select(i =>
        $"cpu,host=compute-{i:0000},cpu=cpu-total,dc=eu usage_user={i}.5,usage_system=1.25,usage_idle=90i {1_700_000_000_000 + i}\n")));

    private readonly LineProtocolPoint _point = new();
    private readonly ArrayBufferWriter<byte> _written = new(1 << 20);

    [Benchmark(OperationsPerInvoke = Lines)]
    public int Read()
    {
        var reader = new LineProtocolReader(_body);
        int points = 0;
        while (reader.Read(_point, out _) == LineResult.Point)
            points++;
        return points;
    }

    [Benchmark(OperationsPerInvoke = Lines)]
    public int Write()
    {
        _written.ResetWrittenCount();
        for (int i = 0; i < Lines; i++)
        {
            LineProtocolWriter.WriteKey(_written, "node_cpu", isMeasurement: true);
            LineProtocolWriter.WriteByte(_written, (byte)',');
            LineProtocolWriter.WriteKey(_written, "instance");
            LineProtocolWriter.WriteByte(_written, (byte)'=');
            LineProtocolWriter.WriteKey(_written, "compute-17.example.org");
            LineProtocolWriter.WriteByte(_written, (byte)' ');
            LineProtocolWriter.WriteKey(_written, "node_cpu_seconds_total");
            LineProtocolWriter.WriteByte(_written, (byte)'=');
            LineProtocolWriter.WriteNumber(_written, i * 1.5);
            LineProtocolWriter.WriteByte(_written, (byte)' ');
            LineProtocolWriter.WriteInteger(_written, 1_700_000_000_000 + i);
            LineProtocolWriter.WriteByte(_written, (byte)'\n');
        }
        return _written.WrittenCount;
    }
}

/// <summary>Chunks: one sample in, one sample out.</summary>
[MemoryDiagnoser]
public class ChunkBenchmarks
{
    private readonly XorChunk _full = Filled();

    [Benchmark(OperationsPerInvoke = XorChunk.Capacity)]
    public XorChunk Encode() => Filled();

    [Benchmark(OperationsPerInvoke = XorChunk.Capacity)]
    public double Decode()
    {
        double sum = 0;
        for (XorReader reader = _full.Read(); reader.MoveNext();)
            sum += reader.Current.Value;
        return sum;
    }

    private static XorChunk Filled()
    {
        var chunk = new XorChunk();
        for (int i = 0; i < XorChunk.Capacity; i++)
            chunk.TryAppend(1_700_000_000_000 + (i * 15_000), 1000 + (i * 17));
        return chunk;
    }
}

/// <summary>The head of 100,000 series: finding some of them.</summary>
[MemoryDiagnoser]
public class IndexBenchmarks
{
    private readonly Head _head = new(HeadOptions.Default);
    private readonly LabelMatcher[] _one = [new("__name__", MatchKind.Equal, "metric_7"), new("host", MatchKind.Equal, "h500")];
    private readonly LabelMatcher[] _name = [new("__name__", MatchKind.Equal, "metric_7")];
    private readonly LabelMatcher[] _regex = [new("__name__", MatchKind.Equal, "metric_7"), new("host", MatchKind.Regex, "h5.*")];

    [GlobalSetup]
    public void Setup()
    {
        using var batch = new SampleBatch("bench", 100_000);
        for (int m = 0; m < 100; m++)
        {
            for (int h = 0; h < 1000; h++)
                batch.Add(Labels.Of($"metric_{m}", ("host", $"h{h}"), ("dc", "eu")), 1_700_000_000_000, h);
        }
        _head.Append(batch, 1_700_000_000_000);
    }

    [Benchmark]
    public int OneSeries() => _head.Select(_one).Count;

    [Benchmark]
    public int ThousandByName() => _head.Select(_name).Count;

    [Benchmark]
    public int ByRegex() => _head.Select(_regex).Count;
}

/// <summary>Threshold templates: folded, and rendered.</summary>
[MemoryDiagnoser]
public class TemplateBenchmarks
{
    private readonly RuleTemplate _constant = Compile("{{ 85 }}");
    private readonly RuleTemplate _conditional = Compile("{{ if labels.aggregate == 'burst' }}95{{ else }}85{{ end }}");
    private readonly TemplateScope _scope =
        new(Labels.Of("m", ("aggregate", "burst")), 90, 0, 0, TimeSpan.Zero,
            _ => [new Metrics.Query.VectorElement(Labels.Empty, new Sample(0, 1))]);

    [Benchmark(Baseline = true)]
    public double Constant() => _constant.RenderNumber(_scope, TimeProvider.System);

    [Benchmark]
    public double Conditional() => _conditional.RenderNumber(_scope, TimeProvider.System);

    private static RuleTemplate Compile(string text) =>
        RuleTemplate.TryCompile(text, out RuleTemplate? template, out string? error)
            ? template!
            : throw new InvalidOperationException(error);
}
