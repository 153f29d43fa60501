using System.Text;
using Metrics.Api.Events;
using Metrics.Configuration;
using Metrics.Model;
using Metrics.Storage.Events;
using Metrics.Storage.Events.Evidence;
using Metrics.Storage.State;
using Metrics.Tests.Alerting;
using Metrics.Tests.Storage.Events;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using static Metrics.Tests.Storage.Events.EventLogFolder;

namespace Metrics.Tests.Api.Events;

/// <summary>Who asks whether the event log was altered hears of the daemon while a day is read for long.</summary>
public sealed class EvidenceAnswerTests
{
    private readonly SlowReading _time = new();
    private readonly ApplicationLifetime _lifetime = new(NullLogger<ApplicationLifetime>.Instance);
    private EvidenceCheck? _check;

    [Fact]
    public async Task The_answer_begins_at_once_and_says_how_far_a_long_day_is()
    {
        await WithAnswerAsync(async (written, answer) =>
        {
            await Eventually.Async(() => _time.IsWaitedFor, "the first part of the day is read");
            answer.IsCompleted.Should().BeFalse();
            _time.Advance(TimeSpan.FromSeconds(11));
            await Eventually.Async(
                () => written() == "{\"reading\":\"events_20260310\",\"events\":1}\n", "it says how far it is");
            _time.Advance(TimeSpan.FromMinutes(10));
            await answer;
            written().Split('\n')[^3].Should().Contain("\"state\":\"sound\"");
            written().Should().EndWith("{\"done\":true,\"days\":1,\"wrong\":0,\"unreadable\":0}\n");
        });
    }

    [Fact]
    public async Task How_far_it_is_is_said_also_before_anything_of_the_first_day_was_read()
    {
        await WithAnswerAsync(async (written, answer) =>
        {
            await Eventually.Async(() => _time.SaysProgress && _check!.Progress is not null, "the answer waits for the day");
            _time.Advance(TimeSpan.FromSeconds(11));
            await Eventually.Async(
                () => written() == "{\"reading\":\"events_20260310\",\"events\":0}\n", "it says how far it is");
            _lifetime.StopApplication();
            await answer;
        }, isHeldUp: true);
    }

    [Fact]
    public async Task A_daemon_that_stops_does_not_wait_for_a_check()
    {
        await WithAnswerAsync(async (written, answer) =>
        {
            await Eventually.Async(() => _time.IsWaitedFor, "the first part of the day is read");
            _lifetime.StopApplication();
            await answer;
            written().Should().Be("{\"done\":false,\"error\":\"the daemon stops\"}\n");
        });
    }

    /// <summary>Asks about a log with a sealed day of one event; another reading of that day may hold it up.</summary>
    private async Task WithAnswerAsync(Func<Func<string>, Task, Task> look, bool isHeldUp = false)
    {
        using var folder = new EventLogFolder(_time);
        using StateStore state = AlertingRoom.OpenState(folder.Path, new FakeTimeProvider());
        var metrics = new EvidenceMetrics(folder.Registry);
        var seals = new EventSeals(state, _time);
        await using EventLog log = folder.Open();
        using var check = new EvidenceCheck(log, seals, new Current<EventLogOptions>(new EventLogOptions()), metrics, _time);
        _check = check;
        using var sealer = new EventSealer(log, seals, check, metrics, _time, NullLogger<EventSealer>.Instance);
        var batch = new EventBatch("t");
        long now = Timestamp.Of(_time.GetUtcNow()).ToNanoseconds();
        batch.Add(now, now, "log", 9, "a");
        await WriteAsync(log, batch);
        _time.Advance(TimeSpan.FromDays(1));
        await sealer.SealAsync(default);
        _time.IsSlow = true;
        using var end = new CancellationTokenSource();
        Task other = isHeldUp ? log.HashAsync(log.Tables[0].Name, [new SealPart(log.LastId, "")], end.Token) : Task.CompletedTask;
        if (isHeldUp)
            await Eventually.Async(() => _time.IsWaitedFor, "the other reading is in between");
        var body = new MemoryStream();
        var context = new DefaultHttpContext();
        context.Response.Body = body;
        await look(() => Encoding.UTF8.GetString(body.ToArray()), new EvidenceAnswer(check, _lifetime, _time).WriteAsync(context));
        await end.CancelAsync();
        await other.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>A clock by which each part of a day takes half a minute or more to read.</summary>
    private sealed class SlowReading() : FakeTimeProvider(new DateTimeOffset(2026, 3, 10, 12, 0, 0, TimeSpan.Zero))
    {
        private long _passed;

        public bool IsSlow { get; set; }

        /// <summary>Whether somebody waits for so long.</summary>
        public bool IsWaitedFor { get; private set; }

        /// <summary>Whether the answer waits for the time at which it says how far it is.</summary>
        public bool SaysProgress { get; private set; }

        public override long GetTimestamp() =>
            base.GetTimestamp() + (IsSlow ? Interlocked.Add(ref _passed, 30 * TimestampFrequency) : 0);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            ITimer timer = base.CreateTimer(callback, state, dueTime, period);
            IsWaitedFor |= dueTime >= TimeSpan.FromSeconds(30);
            SaysProgress |= dueTime == TimeSpan.FromSeconds(10);
            return timer;
        }
    }
}
