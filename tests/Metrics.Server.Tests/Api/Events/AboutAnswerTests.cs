using System.Text.Json;
using Metrics.Api.Events;
using Metrics.Model;
using Metrics.Storage.Events.About;
using Metrics.Telemetry;
using Microsoft.AspNetCore.Http;

namespace Metrics.Tests.Api.Events;

/// <summary>An answer of many events is sent as it is written: it does not wait in memory for its end.</summary>
public sealed class AboutAnswerTests
{
    [Fact]
    public async Task A_long_answer_is_sent_a_part_at_a_time()
    {
        using var answer = new AboutAnswer(new MemoryShare("queries", 1 << 20));
        using var batch = new EventBatch("t");
        for (int n = 0; n < 1_000; n++)
        {
            batch.Add(n, n, "log", 9, new string('x', 1_000));
            answer.Events.Add(new AboutEvent(batch, n, ["about"]));
        }
        var body = new FlushedParts();
        var context = new DefaultHttpContext();
        context.Response.Body = body;
        await AboutApi.WriteAsync(context, new AboutQuery("host.name", "a", 0, 1, 0, 1_000), answer);
        await context.Response.BodyWriter.FlushAsync(TestContext.Current.CancellationToken);
        JsonDocument.Parse(body.ToArray()).RootElement.GetProperty("data").GetProperty("events").GetArrayLength().Should().Be(1_000);
        body.LongestPart.Should().BeLessThan(128 << 10);
    }

    /// <summary>Notes how much came from one flush to the next.</summary>
    private sealed class FlushedParts : MemoryStream
    {
        private long _flushed;

        public long LongestPart { get; private set; }

        public override async Task FlushAsync(CancellationToken cancellationToken)
        {
            LongestPart = Math.Max(LongestPart, Length - _flushed);
            _flushed = Length;
            await base.FlushAsync(cancellationToken);
        }
    }
}
