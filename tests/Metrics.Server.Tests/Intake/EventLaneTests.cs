using Metrics.Configuration;
using Metrics.Hosting;
using Metrics.Intake;
using Metrics.Intake.Marks;
using Metrics.Intake.Templates;
using Metrics.Model;
using Metrics.Series;
using Metrics.Storage;
using Metrics.Storage.Events;
using Metrics.Telemetry;
using Microsoft.Extensions.Logging.Abstractions;

namespace Metrics.Tests.Intake;

public sealed class EventLaneTests : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    private readonly StubLog _log = new();
    private readonly StubStore _store = new();
    private readonly IntakeMetrics _metrics;
    private readonly EventLogMetrics _logMetrics;
    private readonly StoreWriter _samples;
    private readonly EventLogWriter _events;
    private readonly Current<EventLogOptions> _stored;
    private readonly IntakePipeline _intake;

    public EventLaneTests()
    {
        MetricsOptions options = MetricsOptions.Parse("storage: { flush_interval: 10ms }");
        var registry = new MetricRegistry();
        (_metrics, _logMetrics) = (new IntakeMetrics(registry), new EventLogMetrics(registry));
        var head = new Head(HeadOptions.Default);
        _samples = new StoreWriter(
            _store, options.Storage, new StoreMetrics(registry), TimeProvider.System, NullLogger<StoreWriter>.Instance);
        _events = new EventLogWriter(_log, options.Storage, _logMetrics, TimeProvider.System, NullLogger<EventLogWriter>.Instance);
        _stored = new Current<EventLogOptions>(options.Events);
        _intake = new IntakePipeline(
            head, _log, _samples, _events, new MetadataTable(), new LogCounts(_metrics, TimeProvider.System),
            new MarkStage(
                _stored, new Current<EventCalendar>(new EventCalendar([], null)), _metrics, new MarkMetrics(registry), TimeProvider.System),
            new TemplateStage(_stored, _log, _metrics, new TemplateMetrics(registry), TimeProvider.System), _stored, _metrics,
            TimeProvider.System);
    }

    [Fact]
    public async Task A_commit_returns_when_the_event_log_has_it()
    {
        await StartAsync();
        _log.Gate = new TaskCompletionSource();
        Task commit = _intake.CommitAsync(Batch("a", "b"), default);
        await _log.Entered.Task.WaitAsync(s_patience, TimeProvider.System);
        commit.IsCompleted.Should().BeFalse();
        _log.Gate.SetResult();
        await commit.WaitAsync(s_patience, TimeProvider.System);
        _log.Bodies.Should().Equal("a", "b");
    }

    [Fact]
    public async Task Rules_see_events_with_their_ids_before_the_log_writes_them()
    {
        var seen = new List<long>();
        _intake.OnArrival((EventBatch batch) => seen.AddRange(batch.Ids.ToArray()));
        await StartAsync();
        await _intake.CommitAsync(Batch("a", "b"), default);
        await _intake.CommitAsync(Batch("c"), default);
        seen.Should().Equal(1, 2, 3);
    }

    [Fact]
    public async Task What_was_handed_over_is_settled_when_it_is_in_the_log_and_nobody_waits_for_what_comes_after()
    {
        await StartAsync();
        _log.Fails = true;
        await _intake.WriteAsync(Batch("a"), default);
        Task settled = _intake.SettleEventsAsync(default);
        await _log.Entered.Task.WaitAsync(s_patience, TimeProvider.System);
        settled.IsCompleted.Should().BeFalse("it is kept, and not in the log");
        _log.Gate = new TaskCompletionSource();
        await _log.Gated.Task.WaitAsync(s_patience, TimeProvider.System);
        _log.Fails = false;
        await _intake.WriteAsync(Batch("b"), default);
        settled.IsCompleted.Should().BeFalse();
        _log.Gate.SetResult();
        await settled.WaitAsync(s_patience, TimeProvider.System);
        _log.Bodies.Should().StartWith("a");
        await _intake.SettleEventsAsync(default).WaitAsync(s_patience, TimeProvider.System);
        _log.Bodies.Should().Equal("a", "b");
        using var ended = new CancellationTokenSource();
        _log.Gate = new TaskCompletionSource();
        await _intake.WriteAsync(Batch("c"), default);
        Task never = _intake.SettleEventsAsync(ended.Token);
        await ended.CancelAsync();
        await FluentActions.Awaiting(() => never).Should().ThrowAsync<OperationCanceledException>();
        _log.Gate.SetResult();
    }

    [Fact]
    public async Task When_the_newest_event_was_that_is_not_kept_is_known_by_kind()
    {
        await StartAsync();
        _stored.Value = _stored.Value with { Store = StoredEvents.Parsed };
        HashSet<string> backups = ["backup"], lines = [EventKinds.Log, "backup"];
        _intake.NewestNotKept(null).Should().Be(long.MinValue);
        var batch = new EventBatch("test");
        batch.Add(5_000_000, 7_000_000, EventKinds.Log, 9, "left out");
        batch.Add(9_000_000, 9_000_000, "backup", 9, "kept");
        await _intake.CommitAsync(batch, default).WaitAsync(s_patience, TimeProvider.System);
        (_intake.NewestNotKept(backups), _intake.NewestNotKept(lines), _intake.NewestNotKept(null)).Should().Be((long.MinValue, 5, 5));
    }

    [Fact]
    public async Task A_log_that_fails_says_so_to_whoever_waits_and_keeps_what_the_others_gave()
    {
        await StartAsync();
        _log.Fails = true;
        await _intake.WriteAsync(Batch("kept"), default);
        Func<Task> commit = () => _intake.CommitAsync(Batch("refused"), default);
        await commit.Should().ThrowAsync<StoreException>();
        _log.Fails = false;
        await _intake.CommitAsync(Batch("later"), default).WaitAsync(s_patience, TimeProvider.System);
        _log.Bodies.Should().Equal("kept", "later");
    }

    [Fact]
    public async Task Nothing_is_stored_behind_what_could_not_be_where_its_producer_wants_it_in_order()
    {
        await StartAsync();
        var order = new CommitOrder();
        _log.Fails = true;
        Func<Task> first = await SubmitAsync("first", order);
        await first.Should().ThrowAsync<StoreException>();
        _log.Fails = false;
        Func<Task> second = await SubmitAsync("second", order);
        (await second.Should().ThrowAsync<StoreException>()).WithMessage("*before it*");
        Func<Task> other = await SubmitAsync("another's", new CommitOrder());
        await other.Should().NotThrowAsync();
        _log.Bodies.Should().Equal("another's");
        (double accepted, _, Dropped dropped, double inFlight) = Ledger();
        (accepted, dropped.WriteFailed, inFlight).Should().Be((3, 2, 0));
    }

    [Fact]
    public async Task Of_one_order_what_is_written_together_is_stored_in_it_also_one_by_one()
    {
        var order = new CommitOrder();
        order.Break();
        // Queued before anything runs, so that one write gets them all.
        Func<Task> refused = await SubmitAsync("refused", order);
        Func<Task> free = await SubmitAsync("free", null);
        await StartAsync();
        await free.Should().NotThrowAsync();
        await refused.Should().ThrowAsync<StoreException>();
        _log.Bodies.Should().Equal("free");
    }

    [Fact]
    public async Task A_log_that_hangs_holds_no_samples_up()
    {
        await StartAsync();
        _log.Gate = new TaskCompletionSource();
        using var stop = new CancellationTokenSource();
        Task flood = FloodAsync(stop.Token);
        await _log.Entered.Task.WaitAsync(s_patience, TimeProvider.System);
        var samples = new SampleBatch("t");
        samples.Add(Labels.Of("m"), TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds(), 1);
        AppendResult result = await _intake.CommitAsync(samples, default).WaitAsync(s_patience, TimeProvider.System);
        result.Appended.Should().Be(1);
        await stop.CancelAsync();
        await flood;
        _log.Gate.SetResult();
    }

    [Fact]
    public async Task A_store_that_hangs_holds_no_events_up()
    {
        await StartAsync();
        _store.Gate = new TaskCompletionSource();
        for (int i = 0; i < 100; i++)
        {
            var samples = new SampleBatch("t");
            samples.Add(Labels.Of("m"), i, 1);
            await _intake.WriteAsync(samples, default);
        }
        await _intake.CommitAsync(Batch("a"), default).WaitAsync(s_patience, TimeProvider.System);
        _store.Gate.SetResult();
    }

    [Fact]
    public async Task What_is_queued_at_the_stop_is_still_committed()
    {
        await StartAsync();
        for (int i = 0; i < 50; i++)
            await _intake.WriteAsync(Batch($"{i}"), default);
        await StopAsync();
        _log.Bodies.Should().Equal(Enumerable.Range(0, 50).Select(i => $"{i}"));
        _metrics.EventsReceived.Value.Should().Be(50);
        _logMetrics.Written.Value.Should().Be(50);
    }

    [Fact]
    public async Task Beyond_the_bound_of_bytes_a_commit_is_refused_and_counted_while_the_log_hangs()
    {
        await StartAsync();
        _log.Gate = new TaskCompletionSource();
        _ = _intake.CommitAsync(Batch("first"), default);
        await _log.Entered.Task.WaitAsync(s_patience, TimeProvider.System);
        string large = new('x', EventBounds.MaxBodyLength);
        var full = new EventBatch("t");
        for (int i = 0; i < 2200; i++)
            full.Add(1, 1, "log", 0, large);
        Func<Task> commit = () => _intake.CommitAsync(full, default);
        await commit.Should().ThrowAsync<StoreFullException>();
        _logMetrics.Dropped.WithLabels("queue_full").Value.Should().Be(2200);
        _log.Gate.SetResult();
    }

    [Fact]
    public async Task What_only_accounts_for_something_is_bounded_too()
    {
        await StartAsync();
        _log.Gate = new TaskCompletionSource();
        string half = new('x', 40 << 20);
        Task first = _intake.CommitAsync(Position(half), default);
        await _log.Entered.Task.WaitAsync(s_patience, TimeProvider.System);
        Func<Task> commit = () => _intake.CommitAsync(Position(half), default).WaitAsync(s_patience, TimeProvider.System);
        await commit.Should().ThrowAsync<StoreFullException>("both together are more than may wait");
        _log.Gate.SetResult();
        await first;

        static EventBatch Position(string state)
        {
            var batch = new EventBatch("t");
            batch.Add(new SourcePosition("t", "file", state));
            return batch;
        }
    }

    [Fact]
    public async Task Of_what_is_not_kept_nothing_waits_but_its_account()
    {
        await StartAsync();
        _stored.Value = _stored.Value with { Store = StoredEvents.Counts };
        EventBatch batch = Batch([.. Enumerable.Repeat(new string('x', 1000), 1000)]);
        batch.Account("t", 1);
        await _intake.CommitAsync(batch, default);
        _log.Sizes.Should().Equal(new EventBatchSize(0, 0, 0));
    }

    [Fact]
    public async Task What_has_piled_up_is_written_piece_by_piece_and_nobody_who_waits_is_forgotten()
    {
        await StartAsync();
        _log.Gate = new TaskCompletionSource();
        string large = new('x', EventBounds.MaxBodyLength);
        for (int i = 0; i < 40; i++)
            await _intake.WriteAsync(Batch([.. Enumerable.Repeat(large, 8)]), default);
        Task last = _intake.CommitAsync(Batch("last"), default);
        _log.Gate.SetResult();
        await last.WaitAsync(s_patience, TimeProvider.System);
        _log.Bodies.Should().HaveCount(321).And.EndWith("last");
        const int MiBAPiece = 8, MiBABatch = 1;
        _log.Writes.Should().OnlyContain(bytes => bytes < (MiBAPiece + MiBABatch + 1) << 20, "one write needs no more memory than that");
        _log.Writes.Count.Should().BeGreaterThan(2);
    }

    [Fact]
    public async Task While_the_log_fails_who_waits_behind_more_than_one_write_hears_of_it()
    {
        await StartAsync();
        _log.Fails = true;
        string large = new('x', EventBounds.MaxBodyLength);
        for (int i = 0; i < 40; i++)
            await _intake.WriteAsync(Batch([.. Enumerable.Repeat(large, 8)]), default);
        Func<Task> commit = () => _intake.CommitAsync(Batch("refused"), default).WaitAsync(s_patience, TimeProvider.System);
        await commit.Should().ThrowAsync<StoreException>();
        _log.Fails = false;
        await StopAsync();
        _log.Bodies.Should().HaveCount(320).And.OnlyContain(body => body == large);
    }

    [Fact]
    public async Task What_was_accepted_is_stored_or_dropped_for_a_reason_or_in_flight()
    {
        await StartAsync();
        await _intake.CommitAsync(Batch("stored"), default);
        _log.Fails = true;
        Func<Task> failing = () => _intake.CommitAsync(Batch("failed", "failed too"), default);
        await failing.Should().ThrowAsync<StoreException>();
        _log.Fails = false;
        await _intake.CommitAsync(Batch("stored"), default).WaitAsync(s_patience, TimeProvider.System);
        _log.Gate = new TaskCompletionSource();
        Task hanging = _intake.CommitAsync(Batch("in flight"), default);
        await _log.Gated.Task.WaitAsync(s_patience, TimeProvider.System);
        Func<Task> full = () => _intake.CommitAsync(Batch([.. Enumerable.Repeat("full", 500_001)]), default);
        await full.Should().ThrowAsync<StoreFullException>();
        Ledger().Should().Be((500_006, 2, new Dropped(500_001, 2, 0), 1));
        _log.Fails = true;
        _log.Gate.SetResult();
        await hanging.Awaiting(t => t).Should().ThrowAsync<StoreException>();
        await _intake.WriteAsync(Batch("kept, and lost at the stop"), default);
        await StopAsync();
        Ledger().Should().Be((500_007, 2, new Dropped(500_001, 3, 1), 0));
    }

    [Fact]
    public async Task What_is_cut_to_the_bounds_is_counted()
    {
        await StartAsync();
        var batch = new EventBatch("t");
        batch.Add(-5, 10, "log", 0, new string('x', EventBounds.MaxBodyLength + 1));
        batch.AddField("a", new string('y', EventBounds.MaxValueLength + 1));
        batch.AddField(new string('n', EventBounds.MaxNameLength + 1), "z");
        await _intake.CommitAsync(batch, default);
        foreach (string part in new[] { "body", "value", "field", "time" })
            _metrics.EventsCut.WithLabels(part).Value.Should().Be(1, part);
    }

    [Fact]
    public async Task What_a_format_failed_at_is_stored_and_its_fault_counted()
    {
        await StartAsync();
        EventBatch batch = Batch("one");
        batch.Add(new InvalidOperationException("a format"));
        await _intake.CommitAsync(batch, default);
        (_logMetrics.Written.Value, _metrics.Faults.Metrics.Total.WithLabels("formats").Value).Should().Be((1, 1));
    }

    private readonly record struct Dropped(double QueueFull, double WriteFailed, double Stopping);

    /// <summary>Both sides of the account: what was accepted, and what became of it.</summary>
    private (double Accepted, double Stored, Dropped Dropped, double InFlight) Ledger()
    {
        double Of(string reason) => _logMetrics.Dropped.WithLabels(reason).Value;
        var dropped = new Dropped(Of("queue_full"), Of("write_failed"), Of("stopping"));
        (double accepted, double stored, double inFlight) =
            (_metrics.EventsReceived.Value, _logMetrics.Written.Value, _logMetrics.Pending.Value);
        accepted.Should().Be(stored + dropped.QueueFull + dropped.WriteFailed + dropped.Stopping + inFlight);
        return (accepted, stored, dropped, inFlight);
    }

    public async ValueTask DisposeAsync()
    {
        _log.Gate?.TrySetResult();
        _store.Gate?.TrySetResult();
        await StopAsync();
    }

    private async Task StartAsync()
    {
        await _samples.StartAsync(default);
        await _events.StartAsync(default);
        await _intake.StartAsync(default);
    }

    private async Task StopAsync()
    {
        await _intake.StopAsync(default);
        await _events.StopAsync(default);
        await _samples.StopAsync(default);
    }

    private async Task FloodAsync(CancellationToken stop)
    {
        try
        {
            while (true)
            {
                EventBatch batch = Batch([.. Enumerable.Repeat(new string('x', 1000), 1000)]);
                await _intake.WriteAsync(batch, stop);
            }
        }
        catch (OperationCanceledException)
        {
            // The test has seen enough.
        }
    }

    /// <summary>Hands one event over.</summary>
    /// <returns>What waits until it is stored.</returns>
    private async Task<Func<Task>> SubmitAsync(string body, CommitOrder? order)
    {
        Task committed = await _intake.SubmitAsync(Batch(body), order, default);
        return () => committed.WaitAsync(s_patience, TimeProvider.System);
    }

    private static EventBatch Batch(params string[] bodies)
    {
        var batch = new EventBatch("t");
        foreach (string body in bodies)
            batch.Add(1, 1, "log", 9, body);
        return batch;
    }

    private sealed class StubLog : IEventLog
    {
        private long _last;

        public TaskCompletionSource? Gate { get; set; }

        public TaskCompletionSource Entered { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Gated { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool Fails { get; set; }

        public List<string> Bodies { get; } = [];

        /// <summary>Bytes of each write.</summary>
        public List<long> Writes { get; } = [];

        /// <summary>What the batches of all writes hold.</summary>
        public List<EventBatchSize> Sizes { get; } = [];

        public string Description => "the stub";

        public string? Trouble => null;

        public void Number(EventBatch batch)
        {
            foreach (ref long id in batch.Ids)
                id = ++_last;
        }

        public async Task WriteAsync(IReadOnlyList<EventBatch> batches, CancellationToken ct)
        {
            Entered.TrySetResult();
            if (Gate is { } gate)
            {
                Gated.TrySetResult();
                await gate.Task;
            }
            if (Fails)
                throw new StoreException("The stub fails.");
            Writes.Add(batches.Sum(b => b.Bytes));
            Sizes.AddRange(batches.Select(b => b.Size));
            foreach (EventBatch batch in batches)
                Bodies.AddRange(Enumerable.Range(0, batch.Count).Select(row => batch.ToEvent(row).Body));
        }
    }

    private sealed class StubStore : ISampleStore
    {
        public TaskCompletionSource? Gate { get; set; }

        public string Description => "the stub";

        public string? Trouble => null;

        public Task OpenAsync(CancellationToken ct) => Task.CompletedTask;

        public Task WriteAsync(IReadOnlyList<SampleBatch> batches, CancellationToken ct) => Gate?.Task ?? Task.CompletedTask;

        public IAsyncEnumerable<SampleBatch> ReadAsync(IReadOnlyList<LabelMatcher> matchers, long from, long to, CancellationToken ct) =>
            throw new NotSupportedException("Nothing is read here.");

        public Task MaintainAsync(DateTimeOffset now, CancellationToken ct) => Task.CompletedTask;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
