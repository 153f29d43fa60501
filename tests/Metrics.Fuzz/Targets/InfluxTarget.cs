using System.Globalization;
using System.Text;
using Metrics.Hosting;
using Metrics.Model;
using Metrics.Series;
using Metrics.Storage;
using Metrics.Storage.Samples.Influx;

namespace Metrics.Fuzz;

/// <summary>
/// What an InfluxDB of any version answers to writes, pings and questions: it is understood, or a <see cref="StoreException"/>. The first
/// line of the input is the status and what <c>Retry-After</c> says, the rest the body.
/// </summary>
internal static class InfluxTarget
{
    private static readonly DateTimeOffset s_now = DateTimeOffset.FromUnixTimeMilliseconds(1_795_000_000_000);

    private static readonly IReadOnlyList<LabelMatcher>[] s_questions =
    [
        [new LabelMatcher(Labels.MetricName, MatchKind.Equal, "cpu_usage")],
        [new LabelMatcher("host", MatchKind.Regex, ".*")],
    ];

    private static readonly InfluxOptions s_options = MetricsOptions.Parse(
        "storage: { influx: { url: 'http://influx.test', version: 2, org: o, token: t, bucket: metrics } }").Storage.Influx!;

    public static void Try(ReadOnlyMemory<byte> input)
    {
        int end = input.Span.IndexOf((byte)'\n');
        string[] head = Encoding.UTF8.GetString(end < 0 ? input.Span : input.Span[..end]).Split(' ', 2);
        byte[] body = end < 0 ? [] : input[(end + 1)..].ToArray();
        int status = int.TryParse(head[0], CultureInfo.InvariantCulture, out int given) && given is >= 100 and < 600 ? given : 200;
        var words = new InfluxWords(status, null, null, Encoding.UTF8.GetString(body), head.Length > 1 ? head[1] : null);
        InfluxAnswer.JudgePing(words);
        foreach (InfluxVersion version in Enum.GetValues<InfluxVersion>())
        {
            InfluxAnswer judged = InfluxAnswer.Judge(version, words, s_now);
            if (judged.RetryAfter is { } wait && (wait < TimeSpan.Zero || wait > TimeSpan.FromMinutes(10)))
                throw new FuzzException($"it waits {wait}");
        }
        using var server = new FuzzedServer(_ => (status, body));
        using var transport = new InfluxTransport(s_options, TimeProvider.System, server);
        foreach (IReadOnlyList<LabelMatcher> question in s_questions)
        {
            Read(new Influx1Server(s_options, InfluxPrecision.Milliseconds, transport).ReadAsync(question, 0, long.MaxValue, default));
            Read(new FluxReader(s_options, transport).ReadAsync(question, 0, long.MaxValue, default));
            Read(new SqlReader(s_options, transport).ReadAsync(question, 0, long.MaxValue, default));
        }
    }

    private static void Read(IAsyncEnumerable<SampleBatch> answer)
    {
        try
        {
            foreach (SampleBatch batch in answer.ToBlockingEnumerable())
                batch.Dispose();
        }
        catch (StoreException)
        {
        }
    }
}
