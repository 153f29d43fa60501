using Metrics.Model;

namespace Metrics.Scheduling;

/// <summary>
/// Wakes a loop that waits for work; to be woken twice before it looks is to be woken once. Any thread may wake, one waits. Nothing is
/// lost: work that was there before <see cref="Wake"/> is seen by the look that follows the waiting.
/// </summary>
internal sealed class WakeSignal(TimeProvider time)
{
    private static readonly TimeSpan s_longest = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private bool _isSet;
    private TaskCompletionSource? _waiting;

    /// <summary>Wakes the loop, now or when it waits next.</summary>
    public void Wake()
    {
        TaskCompletionSource? waiting;
        lock (_lock)
        {
            if (_isSet)
                return;
            _isSet = true;
            waiting = _waiting;
        }
        waiting?.TrySetResult();
    }

    /// <summary>Waits until somebody wakes, or we stop; never throws.</summary>
    /// <param name="ct">Ends the waiting.</param>
    public Task WaitAsync(CancellationToken ct) => WaitCoreAsync(ct);

    /// <summary>Waits until somebody wakes, some time is over, or we stop; never throws.</summary>
    /// <param name="atMost">The time; nothing or less: does not wait.</param>
    /// <param name="ct">Ends the waiting.</param>
    /// <returns>Whether somebody woke.</returns>
    public async Task<bool> WaitAsync(TimeSpan atMost, CancellationToken ct)
    {
        using var timeout = new CancellationTokenSource(atMost > TimeSpan.Zero ? atMost : TimeSpan.Zero, time);
        return await WaitAsync(timeout, ct);
    }

    /// <summary>
    /// Waits until somebody wakes, a moment comes (a minute at the longest), or we stop; never throws. May return before, so look again.
    /// </summary>
    /// <param name="until">The moment.</param>
    /// <param name="ct">Ends the waiting.</param>
    public async Task WaitAsync(Timestamp until, CancellationToken ct)
    {
        Timestamp now = Now();
        double rest = Math.Clamp((double)until.Milliseconds - now.Milliseconds, 0, s_longest.TotalMilliseconds);
        using var timeout = new CancellationTokenSource(TimeSpan.FromMilliseconds(rest), time);
        // Where the clock went on before the timer was set, it would ring too late.
        if (Now() == now)
            await WaitAsync(timeout, ct);
    }

    private async Task<bool> WaitAsync(CancellationTokenSource timeout, CancellationToken ct)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, ct);
        return await WaitCoreAsync(either.Token);
    }

    private async Task<bool> WaitCoreAsync(CancellationToken ct)
    {
        Task woken = Task.CompletedTask;
        lock (_lock)
        {
            if (!_isSet)
            {
                _waiting = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                woken = _waiting.Task;
            }
        }
        await woken.WaitAsync(ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        // Who wakes from here on is heard by the next waiting; who woke before, by the look that follows this one.
        lock (_lock)
        {
            (bool isWoken, _isSet, _waiting) = (_isSet, false, null);
            return isWoken;
        }
    }

    private Timestamp Now() => Timestamp.Of(time.GetUtcNow());
}
