namespace Metrics.Scheduling;

/// <summary>
/// Work that many ask for and that takes long: at most one run is under way, and one waits, which all share who ask meanwhile. After a run
/// it rests for as long as that took, so that a storm of questions costs half of the time at most. Any thread may ask.
/// </summary>
/// <param name="work">The work; it lets no exception out, and ends soon when its token is cancelled.</param>
/// <param name="gather">How long a run waits for others who ask.</param>
/// <param name="minRest">How long it rests at least.</param>
/// <param name="time">The clock.</param>
/// <param name="ct">Ends it.</param>
internal sealed class SharedWork(
    Func<CancellationToken, Task> work, TimeSpan gather, TimeSpan minRest, TimeProvider time, CancellationToken ct)
{
    private readonly Lock _lock = new();
    private bool _isAsked;
    private Task _loop = Task.CompletedTask;

    /// <summary>Ends when nobody has asked for what was not done yet.</summary>
    public Task Loop
    {
        get
        {
            lock (_lock)
                return _loop;
        }
    }

    /// <summary>Asks for a run that begins after this.</summary>
    public void Ask()
    {
        lock (_lock)
        {
            if (!_isAsked && _loop.IsCompleted)
                _loop = Task.Run(RunAsync, CancellationToken.None);
            _isAsked = true;
        }
    }

    private async Task RunAsync()
    {
        do
        {
            await Task.Delay(gather, time, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            lock (_lock)
                _isAsked = false;
            if (ct.IsCancellationRequested)
                return;
            long started = time.GetTimestamp();
            await work(ct);
            TimeSpan took = time.GetElapsedTime(started);
            await Task.Delay(took > minRest ? took : minRest, time, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        while (GoesOn());
    }

    private bool GoesOn()
    {
        lock (_lock)
        {
            // Who asks from here on begins the loop anew.
            if (!_isAsked)
                _loop = Task.CompletedTask;
            return _isAsked;
        }
    }
}
