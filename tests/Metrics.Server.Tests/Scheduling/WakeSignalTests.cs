using System.Collections.Concurrent;
using Metrics.Model;
using Metrics.Scheduling;
using Microsoft.Extensions.Time.Testing;

namespace Metrics.Tests.Scheduling;

public sealed class WakeSignalTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    private readonly FakeTimeProvider _time = new(DateTimeOffset.UnixEpoch.AddDays(1));
    private readonly WakeSignal _signal;

    public WakeSignalTests() => _signal = new WakeSignal(_time);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Who_waits_is_woken()
    {
        Task waiting = _signal.WaitAsync(Ct);
        waiting.IsCompleted.Should().BeFalse();
        _signal.Wake();
        await waiting.WaitAsync(s_patience, TimeProvider.System, Ct);
    }

    [Fact]
    public void Woken_before_it_waits_it_does_not_wait_and_woken_twice_it_does_so_once()
    {
        _signal.Wake();
        _signal.Wake();
        _signal.WaitAsync(Ct).IsCompleted.Should().BeTrue();
        _signal.WaitAsync(Ct).IsCompleted.Should().BeFalse();
    }

    [Fact]
    public async Task It_waits_for_some_time()
    {
        Task<bool> waiting = _signal.WaitAsync(TimeSpan.FromSeconds(5), Ct);
        _time.Advance(TimeSpan.FromSeconds(4.999));
        waiting.IsCompleted.Should().BeFalse();
        _time.Advance(TimeSpan.FromSeconds(0.001));
        (await waiting.WaitAsync(s_patience, TimeProvider.System, Ct)).Should().BeFalse("nobody woke it");
        (await _signal.WaitAsync(TimeSpan.FromSeconds(-1), Ct)).Should().BeFalse();
        _signal.Wake();
        (await _signal.WaitAsync(TimeSpan.FromSeconds(5), Ct)).Should().BeTrue();
    }

    [Theory]
    [InlineData(5_000, 5)]
    [InlineData(long.MaxValue, 60)]
    public async Task It_waits_until_a_moment_or_a_minute(long rest, double seconds)
    {
        Timestamp now = Timestamp.Of(_time.GetUtcNow());
        Timestamp until = rest == long.MaxValue ? Timestamp.Never : now + TimeSpan.FromMilliseconds(rest);
        Task waiting = _signal.WaitAsync(until, Ct);
        _time.Advance(TimeSpan.FromSeconds(seconds - 0.001));
        waiting.IsCompleted.Should().BeFalse();
        _time.Advance(TimeSpan.FromSeconds(0.001));
        await waiting.WaitAsync(s_patience, TimeProvider.System, Ct);
        _signal.WaitAsync(now, Ct).IsCompleted.Should().BeTrue("that moment is over");
    }

    [Fact]
    public async Task To_stop_ends_the_waiting_without_an_exception()
    {
        using var stop = new CancellationTokenSource();
        Task waiting = _signal.WaitAsync(TimeSpan.FromSeconds(5), stop.Token);
        await stop.CancelAsync();
        await waiting.WaitAsync(s_patience, TimeProvider.System, Ct);
    }

    [Fact]
    public void A_time_that_is_over_leaves_no_old_waking_behind()
    {
        _signal.WaitAsync(TimeSpan.Zero, Ct).IsCompleted.Should().BeTrue();
        _signal.WaitAsync(Ct).IsCompleted.Should().BeFalse();
    }

    [Fact]
    public async Task No_work_stays_unseen_however_the_threads_meet()
    {
        const int Works = 200_000;
        var work = new ConcurrentQueue<int>();
        int seen = 0;
        Task reader = Task.Run(
            async () =>
            {
                while (seen < Works)
                {
                    await _signal.WaitAsync(Ct);
                    while (work.TryDequeue(out _))
                        seen++;
                }
            },
            Ct);
        Task[] writers = [.. Enumerable.Range(0, 2).Select(_ => Task.Run(
            () =>
            {
                for (int i = 0; i < Works / 2; i++)
                {
                    work.Enqueue(i);
                    _signal.Wake();
                }
            },
            Ct))];
        await Task.WhenAll(writers);
        // A lost waking would leave the last of them unseen for ever.
        await reader.WaitAsync(s_patience, TimeProvider.System, Ct);
        seen.Should().Be(Works);
    }
}
