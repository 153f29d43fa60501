using System.Collections.Concurrent;
using Metrics.Scheduling;
using Microsoft.Extensions.Time.Testing;

namespace Metrics.Tests.Scheduling;

public sealed class WheelTests : IDisposable
{
    private static readonly TimeSpan s_second = TimeSpan.FromSeconds(1);

    private readonly FakeTimeProvider _time = new();
    private readonly Wheel _wheel;
    private readonly ConcurrentQueue<(MissedReason Reason, long Runs)> _missed = [];

    public WheelTests() => _wheel = new Wheel(_time);

    public void Dispose() => _wheel.Dispose();

    [Fact]
    public async Task Everything_runs_in_its_own_rhythm()
    {
        var (slow, fast) = (new SemaphoreSlim(0), new SemaphoreSlim(0));
        Recurrence slowly = Add(new Rhythm(s_second, s_second, 3 * s_second), _ => Count(slow));
        Recurrence quickly = Add(new Rhythm(s_second * 2, s_second * 2, s_second), _ => Count(fast));
        for (int second = 1; second <= 10; second++)
        {
            _time.Advance(s_second);
            if (second % 3 == 1)
                await Came(slow);
            if (second >= 2)
                await Came(fast);
            // What is counted may not be over yet, and would be in the way of its next turn.
            await Task.WhenAll(slowly.Current, quickly.Current);
        }
        (slow.CurrentCount, fast.CurrentCount).Should().Be((0, 0));
        _missed.Should().BeEmpty();
    }

    [Fact]
    public async Task A_run_that_is_still_under_way_is_not_overlapped_and_that_is_counted()
    {
        var begun = new SemaphoreSlim(0);
        var end = new TaskCompletionSource();
        Recurrence recurrence = Add(new Rhythm(s_second, s_second, s_second), _ =>
        {
            begun.Release();
            return end.Task;
        });
        _time.Advance(s_second);
        await Came(begun);
        _time.Advance(s_second);
        _time.Advance(s_second);
        _missed.Should().Equal((MissedReason.Overlap, 1L), (MissedReason.Overlap, 1L));
        end.SetResult();
        await recurrence.EndAsync(s_second, _time);
        begun.CurrentCount.Should().Be(0, "it ran once");
    }

    [Fact]
    public async Task After_a_pause_of_the_machine_the_rhythm_goes_on_and_what_was_missed_is_counted()
    {
        var begun = new SemaphoreSlim(0);
        Recurrence recurrence = Add(new Rhythm(s_second, s_second, s_second), _ => Count(begun));
        _time.Advance(s_second * 10.5);
        await Came(begun);
        await recurrence.Current;
        _missed.Should().Equal((MissedReason.Late, 9L));
        _time.Advance(s_second * 0.5);
        await Came(begun);
        begun.CurrentCount.Should().Be(0);
    }

    [Fact]
    public async Task A_first_run_out_of_rhythm_is_followed_no_sooner_than_half_an_interval_later()
    {
        var begun = new SemaphoreSlim(0);
        Recurrence recurrence = Add(new Rhythm(s_second * 5, s_second * 20, s_second * 60), _ => Count(begun));
        _time.Advance(s_second * 5);
        await Came(begun);
        await recurrence.Current;
        _time.Advance(s_second * 74);
        begun.CurrentCount.Should().Be(0, "20 s is too soon after 5 s");
        _time.Advance(s_second);
        await Came(begun);
    }

    [Fact]
    public async Task What_ends_is_cancelled_waited_for_and_never_runs_again()
    {
        var begun = new SemaphoreSlim(0);
        bool ended = false;
        Recurrence recurrence = Add(new Rhythm(s_second, s_second, s_second), async ct =>
        {
            begun.Release();
            try
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, _time, ct);
            }
            catch (OperationCanceledException)
            {
                ended = true;
            }
        });
        _time.Advance(s_second);
        await Came(begun);
        await recurrence.EndAsync(s_second, _time);
        ended.Should().BeTrue();
        _time.Advance(s_second * 5);
        begun.CurrentCount.Should().Be(0);
    }

    [Fact]
    public async Task Out_of_turn_it_runs_at_once_but_never_beside_itself_and_its_turns_stay()
    {
        (SemaphoreSlim begun, SemaphoreSlim mayEnd) = (new SemaphoreSlim(0), new SemaphoreSlim(0));
        Recurrence recurrence = Add(new Rhythm(s_second * 60, s_second * 60, s_second * 60), ct =>
        {
            begun.Release();
            return mayEnd.WaitAsync(ct);
        });
        Task first = recurrence.RunNowAsync(TestContext.Current.CancellationToken);
        await Came(begun);
        // What was begun before somebody asked has perhaps looked at what was before.
        Task second = recurrence.RunNowAsync(TestContext.Current.CancellationToken);
        begun.CurrentCount.Should().Be(0);
        mayEnd.Release();
        await Came(begun);
        first.IsCompletedSuccessfully.Should().BeTrue();
        mayEnd.Release();
        await second;
        _time.Advance(s_second * 60);
        await Came(begun);
        mayEnd.Release();
        await recurrence.EndAsync(s_second, _time);
        await recurrence.RunNowAsync(TestContext.Current.CancellationToken);
        begun.CurrentCount.Should().Be(0, "it recurs no more");
        _missed.Should().BeEmpty();
    }

    [Fact]
    public async Task A_turn_that_comes_while_it_runs_out_of_turn_is_not_missed_and_the_next_one_is()
    {
        (SemaphoreSlim begun, SemaphoreSlim mayEnd) = (new SemaphoreSlim(0), new SemaphoreSlim(0));
        Recurrence recurrence = Add(new Rhythm(s_second, s_second, s_second), ct =>
        {
            begun.Release();
            return mayEnd.WaitAsync(ct);
        });
        Task asked = recurrence.RunNowAsync(TestContext.Current.CancellationToken);
        await Came(begun);
        _time.Advance(s_second);
        _missed.Should().BeEmpty("what its turn was for is being done");
        mayEnd.Release();
        await asked;
        _time.Advance(s_second);
        await Came(begun);
        _time.Advance(s_second);
        _missed.Should().Equal((MissedReason.Overlap, 1L));
        mayEnd.Release();
        await recurrence.EndAsync(s_second, _time);
    }

    private Recurrence Add(Rhythm rhythm, Func<CancellationToken, Task> run) =>
        _wheel.Add(rhythm, run, (reason, runs) => _missed.Enqueue((reason, runs)));

    private static Task Count(SemaphoreSlim runs)
    {
        runs.Release();
        return Task.CompletedTask;
    }

    private static async Task Came(SemaphoreSlim runs) => (await runs.WaitAsync(TimeSpan.FromSeconds(30))).Should().BeTrue("it is due");
}
