namespace Metrics.Rules;

/// <summary>
/// Wakes a loop that waits for work; to be woken twice before it looks is to be woken once. Any thread may wake, one waits.
/// </summary>
internal sealed class WakeSignal(TimeProvider time) : IDisposable
{
    private const long Longest = 60_000;

    private readonly SemaphoreSlim _woken = new(0, 1);
    private int _isSet;

    /// <summary>Wakes the loop, now or when it waits next.</summary>
    public void Wake()
    {
        if (Interlocked.Exchange(ref _isSet, 1) == 0)
            _woken.Release();
    }

    /// <summary>Waits until somebody wakes, or a moment comes (a minute at the longest); may return before, so look again.</summary>
    /// <param name="until">The moment, milliseconds since 1970 UTC.</param>
    /// <param name="ct">Ends the waiting.</param>
    public async Task WaitAsync(long until, CancellationToken ct)
    {
        long now = Now();
        using var timeout = new CancellationTokenSource(TimeSpan.FromMilliseconds(Math.Clamp(until - now, 0, Longest)), time);
        // The clock went on before the timer was set: it would ring too late.
        if (Now() != now)
            return;
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, ct);
        try
        {
            await _woken.WaitAsync(either.Token);
            Volatile.Write(ref _isSet, 0);
        }
        catch (OperationCanceledException)
        {
            // The time is over, or we stop.
        }
    }

    private long Now() => time.GetUtcNow().ToUnixTimeMilliseconds();

    public void Dispose() => _woken.Dispose();
}
