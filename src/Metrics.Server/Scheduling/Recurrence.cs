namespace Metrics.Scheduling;

/// <summary>Why a run did not take place.</summary>
internal enum MissedReason
{
    /// <summary>The run before was still under way.</summary>
    Overlap,

    /// <summary>The machine slept, or had no time.</summary>
    Late,
}

/// <summary>Something that recurs on a <see cref="Wheel"/>.</summary>
internal sealed class Recurrence : IDisposable
{
    private readonly Func<CancellationToken, Task> _run;
    private readonly Action<MissedReason, long> _missed;
    private readonly CancellationTokenSource _end = new();
    private readonly CancellationToken _ended;
    private readonly long _interval;
    private readonly Lock _lock = new();
    private long _regular;
    private Task _current = Task.CompletedTask;
    private bool _isOutOfTurn;

    /// <param name="rhythm">When.</param>
    /// <param name="now">The wheel's time, in ticks.</param>
    /// <param name="run">What; it lets no exception out.</param>
    /// <param name="missed">Called with the number of runs that did not take place.</param>
    internal Recurrence(Rhythm rhythm, long now, Func<CancellationToken, Task> run, Action<MissedReason, long> missed)
    {
        (_run, _missed, _interval, _ended) = (run, missed, rhythm.Interval.Ticks, _end.Token);
        (Due, _regular) = (now + rhythm.First.Ticks, now + rhythm.Regular.Ticks);
    }

    /// <summary>When the next run begins, in ticks of the wheel.</summary>
    internal long Due { get; private set; }

    /// <summary>Whether it recurs no more.</summary>
    internal bool IsEnded => _ended.IsCancellationRequested;

    /// <summary>The run that began last, under way or over.</summary>
    internal Task Current
    {
        get
        {
            lock (_lock)
                return _current;
        }
    }

    /// <summary>Sets the next time: the next one in rhythm, at least half an interval behind the last.</summary>
    internal void Next(long now)
    {
        long late = (now - Due) / _interval;
        if (late > 0)
            _missed(MissedReason.Late, late);
        long earliest = Math.Max(now + 1, Due + (_interval / 2));
        if (_regular < earliest)
            _regular += (earliest - _regular + _interval - 1) / _interval * _interval;
        Due = _regular;
    }

    /// <summary>
    /// Runs in the background, unless the run before is still under way; one that was begun out of turn does its work.
    /// </summary>
    internal void Start()
    {
        if (!TryStart(isOutOfTurn: false, out _, out bool isInsteadOfIt) && !IsEnded && !isInsteadOfIt)
            _missed(MissedReason.Overlap, 1);
    }

    /// <summary>
    /// Runs out of turn: at once, or when the run under way has ended, which began before it was asked for. Its turns stay as they are.
    /// </summary>
    /// <returns>Ends with the run; at once where nothing recurs any more.</returns>
    public async Task RunNowAsync(CancellationToken ct)
    {
        Task run;
        while (!TryStart(isOutOfTurn: true, out run, out _) && !IsEnded)
            await run.WaitAsync(ct);
        await run.WaitAsync(ct);
    }

    /// <summary>Begins a run, unless one is under way or it recurs no more.</summary>
    /// <param name="isOutOfTurn">Whether it is not its turn.</param>
    /// <param name="run">The run that begins, or is under way.</param>
    /// <param name="wasOutOfTurn">Whether that is out of turn.</param>
    private bool TryStart(bool isOutOfTurn, out Task run, out bool wasOutOfTurn)
    {
        lock (_lock)
        {
            bool starts = _current.IsCompleted && !IsEnded;
            if (starts)
                (_current, _isOutOfTurn) = (Task.Run(() => _run(_ended), CancellationToken.None), isOutOfTurn);
            (run, wasOutOfTurn) = (_current, _isOutOfTurn);
            return starts;
        }
    }

    /// <summary>Recurs no more; a run under way is cancelled and waited for.</summary>
    /// <param name="patience">How long it is waited for.</param>
    /// <param name="time">The clock.</param>
    public async Task EndAsync(TimeSpan patience, TimeProvider time)
    {
        await _end.CancelAsync();
        try
        {
            await Current.WaitAsync(patience, time);
        }
        catch (TimeoutException)
        {
            // It does not heed its token; it goes on alone, and nobody starts it again.
        }
    }

    public void Dispose() => _end.Dispose();
}
