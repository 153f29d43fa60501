using System.IO.Pipelines;
using System.Text;
using Metrics.Api.Events;
using Metrics.Hosting;
using Metrics.Model;
using Metrics.Storage;
using Metrics.Storage.Events;
using Metrics.Telemetry;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Metrics.Tests.Api;

/// <summary>What one who follows events is sent, over minutes in which nothing comes or in which it does not read.</summary>
public sealed class EventStreamTests : IDisposable
{
    /// <summary>Bytes after which the answer is held up until the client reads: what a connection's buffers are.</summary>
    private const int MaxUnread = 200;

    private readonly string _folder = Directory.CreateTempSubdirectory("follow").FullName;
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 3, 10, 12, 0, 0, TimeSpan.Zero));
    private readonly MetricRegistry _registry = new();
    private readonly CancellationTokenSource _gone = new();
    private readonly Pipe _answer = new(new PipeOptions(pauseWriterThreshold: MaxUnread, resumeWriterThreshold: MaxUnread / 2));
    private string _read = "";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_comes_after_minutes_of_quiet_is_sent(bool holdsOlder)
    {
        await using EventLog log = Open();
        if (holdsOlder)
            await WriteAsync(log, "older");
        Task following = FollowAsync(log);
        for (int i = 1; i <= 3; i++)
        {
            await ReadUntilAsync("nothing new");
            _time.Advance(TimeSpan.FromMinutes(5));
            await WriteAsync(log, $"event {i}");
            await ReadUntilAsync($"event {i}");
        }
        _read.Should().NotContain("dropped").And.NotContain("older");
        await EndAsync(following);
    }

    [Fact]
    public async Task Who_does_not_read_for_minutes_is_sent_where_it_missed_some_and_what_comes_then()
    {
        await using EventLog log = Open();
        Task following = FollowAsync(log);
        await ReadUntilAsync("nothing new");
        await WriteAsync(log, new string('x', MaxUnread));
        await Eventually.Async(() => Unread > MaxUnread, "the answer is as large as it may be unread");
        _time.Advance(TimeSpan.FromMinutes(2));
        await WriteAsync(log, "missed");
        await ReadUntilAsync("event: dropped");
        await WriteAsync(log, "the last");
        await ReadUntilAsync("the last");
        _read.Should().NotContain("missed");
        await EndAsync(following);
    }

    public void Dispose()
    {
        _gone.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private EventLog Open()
    {
        StorageOptions storage = MetricsOptions.Parse($"storage: {{ path: '{_folder}' }}").Storage;
        var log = new EventLog(storage, new EventLogOptions(), new EventLogMetrics(_registry), _time, NullLogger<EventLog>.Instance);
        log.Open();
        return log;
    }

    private async Task WriteAsync(EventLog log, string body)
    {
        using var batch = new EventBatch("t");
        long now = _time.GetUtcNow().ToUnixTimeMilliseconds() * 1_000_000;
        batch.Add(now, now, "log", 9, body);
        log.Number(batch);
        await log.WriteAsync([batch], default);
    }

    private Task FollowAsync(EventLog log)
    {
        var context = new DefaultHttpContext { RequestAborted = _gone.Token };
        context.Response.Body = _answer.Writer.AsStream();
        var lifetime = new ApplicationLifetime(NullLogger<ApplicationLifetime>.Instance);
        return new EventStream(log, new EventStreamMetrics(_registry), _time, lifetime).WriteAsync(context, new EventQuery());
    }

    private async Task EndAsync(Task following)
    {
        await _gone.CancelAsync();
        await following.WaitAsync(Eventually.Patience, TimeProvider.System);
    }

    private long Unread
    {
        get
        {
            if (!_answer.Reader.TryRead(out ReadResult waiting))
                return 0;
            _answer.Reader.AdvanceTo(waiting.Buffer.Start);
            return waiting.Buffer.Length;
        }
    }

    /// <summary>Reads on until a text has come; the clock goes on by a second at each look.</summary>
    private async Task ReadUntilAsync(string text)
    {
        int from = _read.Length;
        await Eventually.Async(
            () =>
            {
                _time.Advance(TimeSpan.FromSeconds(1));
                if (_answer.Reader.TryRead(out ReadResult more))
                {
                    _read += Encoding.UTF8.GetString(more.Buffer);
                    _answer.Reader.AdvanceTo(more.Buffer.End);
                }
                return _read.IndexOf(text, from, StringComparison.Ordinal) >= 0;
            },
            $"the follower is sent \"{text}\"");
    }
}
