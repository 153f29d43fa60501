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
    private static readonly string[] s_options =
        ["", "database: metrics", "version: 2, bucket: metrics, org: ops, token: t0ken", "version: 3, database: metrics, token: t0ken"];

    public static MatrixTheoryData<int, string> Answers => new([1, 2, 3], HostileAnswers.All.Keys);

    public static MatrixTheoryData<int, string> Refusals => new([1, 2, 3], HostileAnswers.Refusals.Keys);

    [Theory]
    [MemberData(nameof(Answers))]
    public async Task A_query_ends_with_a_clear_error(int version, string name)
    {
        using var hostile = new HostileInflux(HostileAnswers.All[name]);
        using InfluxClient client = Client(hostile, version);
        LabelMatcher[] one = [new(Labels.MetricName, MatchKind.Equal, "hostile_v")];
        foreach (LabelMatcher[] matchers in new[] { one, [] })
        {
            int samples = 0;
            using var end = new CancellationTokenSource(TimeSpan.FromSeconds(5), TimeProvider.System);
            Func<Task> reading = async () =>
            {
                await foreach (SampleBatch batch in client.ReadAsync(matchers, 1, 1_000_000, end.Token))
                {
                    using (batch)
                        samples += batch.Count;
                }
            };
            long clock = TimeProvider.System.GetTimestamp();
            // Nothing at all is how versions 2 and 3 say that there is nothing; rows without a number that fits are none.
            bool isFine = (version, name, matchers.Length) is (1, "numbers that do not fit", 1) or (2 or 3, "nothing", _);
            if (isFine)
                await reading.Should().NotThrowAsync();
            else
                (await reading.Should().ThrowAsync<Exception>()).Which.Should().Match<Exception>(
                    e => (e is StoreException && e.Message.Length > 5 && e.Message.Length < 2200)
                        || (e is OperationCanceledException && name == "endless JSON without a sample"), name);
            samples.Should().Be(0);
            TimeProvider.System.GetElapsedTime(clock).TotalSeconds.Should().BeLessThan(6);
        }
    }

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task A_write_is_to_be_sent_again(int version, string name)
    {
        using var hostile = new HostileInflux(HostileAnswers.Refusals[name]);
        using InfluxClient client = Client(hostile, version);
        InfluxAnswer answer = await client.WriteAsync("a b=1 1\n"u8.ToArray(), default);
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
        for (int version = 1; version <= 3; version++)
        {
            using InfluxClient client = Client(hostile, version);
            (await client.PingAsync(TimeSpan.FromMilliseconds(300), default)).Should().NotBeNullOrEmpty();
        }
    }

    private static InfluxClient Client(HostileInflux server, int version)
    {
        string yaml = $"{{ url: '{server.Url}', {s_options[version]}, timeout: 300ms, read_timeout: 300ms }}";
        var problems = new List<Problem>();
        var section = new YamlSection((YamlMap)YamlComposer.Compose(yaml, "f.yaml", problems)!, "f.yaml", "", problems);
        return new InfluxClient(
            InfluxOptions.Read(section), InfluxPrecision.Milliseconds, new InfluxMetrics(new MetricRegistry()).Requests,
            TimeProvider.System);
    }
}
