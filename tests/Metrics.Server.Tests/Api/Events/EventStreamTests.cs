using System.Text;
using Metrics.Api.Events;
using Metrics.Api.Prometheus;
using Metrics.Model;
using Metrics.Storage.Events;
using Metrics.Telemetry;
using Metrics.Tests.Storage.Events;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Metrics.Tests.Api.Events;

/// <summary>Following events: what comes, signs of life, bounds, and who is too slow.</summary>
public sealed class EventStreamTests : IAsyncLifetime
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 3, 10, 12, 0, 0, TimeSpan.Zero));
    private readonly EventStreamMetrics _metrics = new(new MetricRegistry());
    private readonly CancellationTokenSource _gone = new();
    private readonly List<Task> _following = [];
    private readonly EventLogFolder _folder;
    private readonly EventLog _log;
    private readonly EventStream _stream;

    public EventStreamTests()
    {
        _folder = new EventLogFolder(_time);
        _log = _folder.Open();
        _stream = new EventStream(_log, _metrics, _time, new ApplicationLifetime(NullLogger<ApplicationLifetime>.Instance));
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _gone.CancelAsync();
        await Task.WhenAll(_following);
        await _log.DisposeAsync();
        _gone.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task What_comes_after_a_long_silence_is_sent()
    {
        Client client = Follow();
        await CommitAsync("first");
        await client.UntilAsync("data: {\"id\":", "first");
        for (int minutes = 0; minutes < 5; minutes++)
            _time.Advance(TimeSpan.FromMinutes(1));
        await CommitAsync("after the silence");
        await client.UntilAsync("after the silence");
        client.Text.Should().NotContain("event: dropped", "it was never behind");
        _metrics.Dropped.Value.Should().Be(0);
    }

    [Fact]
    public async Task Silence_has_signs_of_life()
    {
        Client client = Follow();
        await client.UntilAsync(": events follow\n\n", ": nothing new\n\n");
        client.Text.Should().NotContain("data:");
    }

    [Fact]
    public async Task Who_takes_nothing_for_too_long_is_sent_what_it_missed_and_goes_on_with_the_newest()
    {
        Client client = Follow();
        await CommitAsync("first");
        await client.UntilAsync("first");
        var takes = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        client.Taking = takes.Task;
        await CommitAsync("held up");
        await WhileTimeGoesOnAsync(() => client.IsHeldUp, "the client is sent something that it does not take");
        _time.Advance(TimeSpan.FromMinutes(2));
        await CommitAsync("missed");
        takes.SetResult();
        await client.UntilAsync("held up", "event: dropped\n");
        await CommitAsync("newest");
        await client.UntilAsync("newest");
        client.Text.Should().NotContain("missed");
        _metrics.Dropped.Value.Should().Be(1);
    }

    [Fact]
    public async Task More_clients_than_the_bound_are_refused_and_one_that_goes_makes_room()
    {
        using var one = new CancellationTokenSource();
        Follow(one.Token);
        for (int i = 1; i < EventStream.MaxClients; i++)
            Follow();
        _metrics.Clients.Value.Should().Be(EventStream.MaxClients);
        Func<Task> further = () => _stream.WriteAsync(new DefaultHttpContext(), new EventQuery());
        (await further.Should().ThrowAsync<ApiException>()).Which.Status.Should().Be(503);
        await one.CancelAsync();
        await _following[0];
        Follow();
        _metrics.Clients.Value.Should().Be(EventStream.MaxClients);
    }

    private Client Follow(CancellationToken goes = default)
    {
        var client = new Client(this);
        var context = new DefaultHttpContext { RequestAborted = goes.CanBeCanceled ? goes : _gone.Token };
        context.Response.Body = client;
        _following.Add(_stream.WriteAsync(context, new EventQuery()));
        return client;
    }

    private Task CommitAsync(string body)
    {
        var batch = new EventBatch("t");
        long now = _time.GetUtcNow().ToUnixTimeMilliseconds() * 1_000_000;
        batch.Add(now, now, "log", 9, body);
        return EventLogFolder.WriteAsync(_log, batch);
    }

    /// <summary>Lets the daemon's time go on until something has come about.</summary>
    private Task WhileTimeGoesOnAsync(Func<bool> condition, string what) => Eventually.Async(
        () =>
        {
            _time.Advance(TimeSpan.FromMilliseconds(100));
            return condition();
        },
        what);

    /// <summary>The other side: collects what is sent, and may stop taking.</summary>
    private sealed class Client(EventStreamTests test) : MemoryStream
    {
        private readonly Lock _lock = new();
        private readonly StringBuilder _text = new();

        /// <summary>What it waits for before it takes more.</summary>
        public Task Taking { get; set; } = Task.CompletedTask;

        public bool IsHeldUp { get; private set; }

        public string Text
        {
            get
            {
                lock (_lock)
                    return _text.ToString();
            }
        }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            IsHeldUp = !Taking.IsCompleted;
            await Taking;
            lock (_lock)
                _text.Append(Encoding.UTF8.GetString(buffer.Span));
        }

        public Task UntilAsync(params string[] texts) =>
            test.WhileTimeGoesOnAsync(
                () => texts.All(t => Text.Contains(t, StringComparison.Ordinal)), $"the client is sent {string.Join(" and ", texts)}");
    }
}
