using System.Diagnostics;
using Metrics.Model;
using Metrics.Series;
using Metrics.Storage;
using Metrics.Storage.Samples.Influx;
using Metrics.Telemetry;
using Metrics.Text;

namespace Metrics.IntegrationTests.Adversary;

/// <summary>Each answer that no InfluxDB gives, to each kind of request: it becomes a clear error in bounded time.</summary>
public sealed class HostileAnswerTests
{
    public static TheoryData<string> Answers => [.. HostileAnswers.All.Keys];

    public static TheoryData<string> Refusals => [.. HostileAnswers.Refusals.Keys];

    [Theory]
    [MemberData(nameof(Answers))]
    public async Task A_query_ends_with_a_clear_error(string name)
    {
        using var hostile = new HostileInflux(HostileAnswers.All[name]);
        using InfluxClient client = Client(hostile);
        LabelMatcher[] one = [new(Labels.MetricName, MatchKind.Equal, "hostile_v")];
        foreach (LabelMatcher[] matchers in new[] { one, [] })
        {
            int samples = 0;
            using var end = new CancellationTokenSource(TimeSpan.FromSeconds(5), TimeProvider.System);
            Func<Task> reading = async () =>
            {
                await foreach (SampleBatch batch in new InfluxReader(client).ReadAsync(matchers, 1, 1_000_000, end.Token))
                {
                    using (batch)
                        samples += batch.Count;
                }
            };
            var clock = Stopwatch.StartNew();
            if (name == "endless JSON without a sample" && matchers.Length == 1)
                await reading.Should().ThrowAsync<OperationCanceledException>("nothing is wrong with it but its length");
            else if (name != "numbers that do not fit")
                (await reading.Should().ThrowAsync<StoreException>()).Which.Message.Length.Should().BeInRange(5, 2200);
            else if (matchers.Length == 1)
                await reading.Should().NotThrowAsync("what does not fit is left out");
            samples.Should().Be(0);
            clock.Elapsed.TotalSeconds.Should().BeLessThan(6);
        }
    }

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task A_write_is_to_be_sent_again(string name)
    {
        using var hostile = new HostileInflux(HostileAnswers.Refusals[name]);
        using InfluxClient client = Client(hostile);
        InfluxAnswer answer = await client.WriteAsync(InfluxBody.Pack("a b=1 1\n"u8, gzip: true), default);
        answer.Verdict.Should().BeOneOf(WriteVerdict.Retry, WriteVerdict.Hold);
        answer.Reason.Length.Should().BeInRange(5, 2200);
        (answer.RetryAfter ?? TimeSpan.Zero).Should().BeLessThanOrEqualTo(TimeSpan.FromMinutes(10));
    }

    [Theory]
    [InlineData("a web page")]
    [InlineData("a page of plain text")]
    [InlineData("one byte at a time")]
    [InlineData("silence")]
    [InlineData("a cut before the answer")]
    [InlineData("headers without end")]
    [InlineData("HTTP 500")]
    public async Task What_answers_a_ping_so_is_no_InfluxDB(string name)
    {
        using var hostile = new HostileInflux(HostileAnswers.All[name]);
        using InfluxClient client = Client(hostile);
        (await client.PingAsync(TimeSpan.FromMilliseconds(300), default)).Should().NotBeNullOrEmpty();
    }

    private static InfluxClient Client(HostileInflux server)
    {
        string yaml = $"{{ url: '{server.Url}', database: metrics, timeout: 300ms, read_timeout: 300ms }}";
        var problems = new List<Problem>();
        var section = new YamlSection((YamlMap)YamlComposer.Compose(yaml, "f.yaml", problems)!, "f.yaml", "", problems);
        return new InfluxClient(
            InfluxOptions.Read(section), InfluxPrecision.Milliseconds, new InfluxMetrics(new MetricRegistry()), TimeProvider.System);
    }
}
