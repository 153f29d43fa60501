using Metrics.Scheduling;
using Microsoft.Extensions.Time.Testing;

namespace Metrics.Tests.Scheduling;

/// <summary>However many ask, one run is under way and one waits.</summary>
public sealed class SharedWorkTests : IDisposable
{
    private static readonly TimeSpan s_second = TimeSpan.FromSeconds(1);

    private readonly FakeTimeProvider _time = new();
    private readonly CancellationTokenSource _end = new();
    private readonly SemaphoreSlim _begun = new(0);
    private readonly SemaphoreSlim _mayEnd = new(0);
    private readonly SharedWork _work;
    private int _running;
    private int _most;

    public SharedWorkTests() => _work = new SharedWork(RunAsync, s_second / 2, s_second, _time, _end.Token);

    public void Dispose()
    {
        _begun.Dispose();
        _mayEnd.Dispose();
        _end.Dispose();
    }

    [Fact]
    public async Task A_storm_of_questions_is_one_run_and_one_that_follows_it()
    {
        Ask(100);
        await UntilBegunAsync();
        Ask(100);
        _time.Advance(s_second * 3);
        _mayEnd.Release();
        await UntilBegunAsync();
        _mayEnd.Release();
        await UntilIdleAsync();
        _begun.CurrentCount.Should().Be(0, "nobody has asked since");
        _most.Should().Be(1);
    }

    [Fact]
    public async Task It_rests_for_as_long_as_a_run_took()
    {
        Ask(1);
        await UntilBegunAsync();
        Ask(1);
        _time.Advance(s_second * 10);
        long ended = _time.GetTimestamp();
        _mayEnd.Release();
        await UntilBegunAsync();
        _time.GetElapsedTime(ended).Should().BeGreaterThanOrEqualTo(s_second * 10);
        _mayEnd.Release();
        await UntilIdleAsync();
    }

    [Fact]
    public async Task Who_asks_when_all_is_done_gets_a_run_of_their_own_and_none_after_the_end()
    {
        for (int runs = 0; runs < 3; runs++)
        {
            Ask(1);
            await UntilBegunAsync();
            _mayEnd.Release();
            await UntilIdleAsync();
        }
        await _end.CancelAsync();
        Ask(1);
        await UntilIdleAsync();
        _begun.CurrentCount.Should().Be(0);
    }

    private void Ask(int times)
    {
        for (int n = 0; n < times; n++)
            _work.Ask();
    }

    private async Task UntilBegunAsync()
    {
        await Eventually.Async(() =>
        {
            _time.Advance(s_second / 10);
            return Task.FromResult(_begun.CurrentCount > 0);
        }, "it runs");
        await _begun.WaitAsync(TestContext.Current.CancellationToken);
    }

    private Task UntilIdleAsync() => Eventually.Async(() =>
    {
        _time.Advance(s_second / 10);
        return Task.FromResult(_work.Loop.IsCompleted);
    }, "it is idle");

    private async Task RunAsync(CancellationToken ct)
    {
        _most = Math.Max(_most, Interlocked.Increment(ref _running));
        _begun.Release();
        await _mayEnd.WaitAsync(ct);
        Interlocked.Decrement(ref _running);
    }
}
