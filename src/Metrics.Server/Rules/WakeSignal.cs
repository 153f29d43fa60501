namespace Metrics.Rules;

/// <summary>Wakes a loop that waits for work; to be woken twice before it looks is to be woken once. Any thread may wake, one waits.</summary>
internal sealed class WakeSignal(TimeProvider time) : IDisposable
{
    private static readonly TimeSpan s_longest = TimeSpan.FromMinutes(1);

    private readonly SemaphoreSlim _woken = new(0, 1);
    private int _isSet;

    /// <summary>Wakes the loop, now or when it waits next.</summary>
    public void Wake()
    {
        if (Interlocked.Exchange(ref _isSet, 1) == 0)
            _woken.Release();
    }

    /// <summary>Waits until somebody wakes, or so long (a minute at the longest).</summary>
    public async Task WaitAsync(TimeSpan patience, CancellationToken ct)
    {
        if (patience <= TimeSpan.Zero && Volatile.Read(ref _isSet) == 0)
            return;
        using var timeout = new CancellationTokenSource(patience < TimeSpan.Zero ? TimeSpan.Zero : patience < s_longest ? patience : s_longest, time);
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

    public void Dispose() => _woken.Dispose();
}
