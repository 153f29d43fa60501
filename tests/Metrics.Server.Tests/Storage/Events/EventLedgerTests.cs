using Metrics.Model;
using Metrics.Storage.Events;
using Microsoft.Extensions.Time.Testing;
using static Metrics.Tests.Storage.Events.EventLogFolder;
using EventLog = Metrics.Storage.Events.EventLog;

namespace Metrics.Tests.Storage.Events;

/// <summary>The ledger is written with the events, once, and goes as they do.</summary>
public sealed class EventLedgerTests : IDisposable
{
    private static readonly DateTimeOffset s_start = new(2026, 3, 10, 12, 30, 0, TimeSpan.Zero);

    private readonly FakeTimeProvider _time = new(s_start);
    private readonly EventLogFolder _folder;

    public EventLedgerTests() => _folder = new EventLogFolder(_time);

    private long Now => Timestamp.Of(_time.GetUtcNow()).ToNanoseconds();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task What_is_added_up_says_the_same_as_what_was_written()
    {
        await using EventLog log = Open();
        for (int n = 0; n < 3; n++)
        {
            await WriteAsync(log, Batch(n * 10, 2));
            LedgerReport before = await log.LedgerAsync(new LedgerQuery(0, long.MaxValue), default);
            await log.MaintainAsync(new EventLogOptions(), _ => Task.CompletedTask, default);
            LedgerReport after = await log.LedgerAsync(new LedgerQuery(0, long.MaxValue), default);
            after.Should().BeEquivalentTo(before);
            after.Rows.Sum(r => r.Records).Should().Be((n + 1) * 2);
            after.Rows.Sum(r => r.Bytes).Should().Be((n + 1) * 10);
            after.Said["logs/a"].Should().Be((n + 1) * 2);
            _time.Advance(TimeSpan.FromMinutes(20));
        }
        (await log.LedgerAsync(new LedgerQuery(0, long.MaxValue), default)).Rows.Should().HaveCount(2, "a row is an hour of arrival");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_is_written_again_after_a_commit_of_which_nobody_knew_counts_once(bool isStored)
    {
        using EventBatch first = Batch(0, 2), second = Batch(10, 3);
        if (!isStored)
            first.Keep([false, false]);
        await using (EventLog log = Open())
        {
            log.Number(first);
            log.Number(second);
            await log.WriteAsync([first], default);
        }
        await using EventLog again = Open();
        await again.WriteAsync([first, second], default);
        LedgerReport report = await again.LedgerAsync(new LedgerQuery(0, long.MaxValue), default);
        report.Rows.Should().ContainSingle().Which.Should().BeEquivalentTo(
            new { Begins = 0L, Ends = 25L, Bytes = 25L, Records = 5L, Stored = isStored ? 5L : 3L, LeftOut = isStored ? 0L : 2L });
        report.Said.Should().Equal(new Dictionary<string, long> { ["logs/a"] = 5 });
        report.IsComplete.Should().BeTrue();
        _time.Advance(TimeSpan.FromSeconds(1));
        using EventBatch next = Batch(25, 1);
        again.Number(next);
        await again.WriteAsync([next], default);
        (await again.LedgerAsync(new LedgerQuery(0, long.MaxValue), default)).Rows[0].Ends.Should().Be(30, "it goes on");
    }

    [Fact]
    public async Task A_row_that_does_not_begin_where_the_one_before_ended_is_not_complete()
    {
        await using EventLog log = Open();
        await WriteAsync(log, Batch(0, 2));
        _time.Advance(TimeSpan.FromHours(1));
        await WriteAsync(log, Batch(15, 1));
        LedgerReport report = await log.LedgerAsync(new LedgerQuery(0, long.MaxValue), default);
        report.Rows.Should().HaveCount(2, "a row is an hour of arrival");
        report.Gaps.Should().ContainSingle().Which.Should().BeEquivalentTo(new { Reason = "unaccounted", Begins = 10L, Bytes = 5L });
        report.IsComplete.Should().BeFalse();
    }

    [Fact]
    public async Task Rows_and_gaps_go_when_their_events_do()
    {
        await using EventLog log = Open();
        EventBatch old = Batch(0, 2);
        old.Add(new LedgerGap { Source = "logs/a", Reason = LedgerReasons.Gone, FromTime = Now, ToTime = Now, FoundAt = Now });
        await WriteAsync(log, old);
        _time.Advance(TimeSpan.FromDays(3));
        await WriteAsync(log, Batch(10, 1));
        await log.MaintainAsync(new EventLogOptions { Retention = TimeSpan.FromDays(2) }, _ => Task.CompletedTask, default);
        LedgerReport report = await log.LedgerAsync(new LedgerQuery(0, long.MaxValue), default);
        report.Rows.Should().ContainSingle().Which.Begins.Should().Be(10);
        report.Gaps.Should().BeEmpty();
        report.Said.Should().Equal(new Dictionary<string, long> { ["logs/a"] = 1 });
        report.IsComplete.Should().BeTrue("what is older is not asked for any more");
    }

    [Fact]
    public async Task What_is_too_old_is_looked_for_once_a_day_and_when_the_retention_is_another()
    {
        await using EventLog log = Open();
        (await MaintainedAsync(days: 2)).Should().Be(0);
        // What comes in is never old: only by that it is seen when somebody looks.
        (await MaintainedAsync(days: 2)).Should().Be(1);
        (await MaintainedAsync(days: 1)).Should().Be(0, "the retention is another");
        (await MaintainedAsync(days: 1)).Should().Be(1);
        _time.Advance(TimeSpan.FromHours(12));
        (await MaintainedAsync(days: 1)).Should().Be(0, "it is another day");

        async Task<int> MaintainedAsync(int days)
        {
            await WriteAsync(log, Batch(0, 1, daysAgo: 5));
            await log.MaintainAsync(new EventLogOptions { Retention = TimeSpan.FromDays(days) }, _ => Task.CompletedTask, default);
            return (await log.LedgerAsync(new LedgerQuery(0, long.MaxValue), default)).Rows.Count;
        }
    }

    [Fact]
    public async Task An_event_more_or_less_than_the_ledger_says_is_an_imbalance()
    {
        await using EventLog log = Open();
        EventBatch batch = Batch(0, 2);
        batch.RemoveNewest();
        await WriteAsync(log, batch);
        _folder.Registry.Ledger.Look();
        _folder.Registry.Ledger.Close().Should().Equal(("log_lines", 1.0));
    }

    private EventLog Open() => _folder.Open();

    /// <summary>Lines of five bytes each, from a place on.</summary>
    private EventBatch Batch(long begins, int lines, int daysAgo = 0)
    {
        var batch = new EventBatch("logs/a");
        long readAt = Now - (daysAgo * TimeSpan.NanosecondsPerTick * TimeSpan.TicksPerDay);
        var entry = new LedgerEntry { Source = "logs/a", Part = "file", Path = "/a.log", ReadAt = readAt, Begins = begins };
        batch.Begin(entry);
        for (int n = 0; n < lines; n++)
        {
            batch.Add(Now, Now, EventKinds.Log, 9, "line");
            entry.Count(readAt);
        }
        (entry.Ends, entry.Lines) = (begins + (5 * lines), lines);
        batch.Add(entry);
        return batch;
    }
}
