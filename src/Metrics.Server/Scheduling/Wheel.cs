namespace Metrics.Scheduling;

/// <summary>
/// One timer for everything that recurs: a queue by the next time. Each run is a task of its own, so that slow ones keep nobody from their
/// turn, and none overlaps itself.
/// </summary>
/// <param name="time">The clock.</param>
internal sealed class Wheel(TimeProvider time) : IDisposable
{
    private readonly PriorityQueue<Recurrence, long> _queue = new();
    private readonly Lock _lock = new();
    private readonly long _origin = time.GetTimestamp();
    private ITimer? _timer;
    private bool _disposed;

    /// <summary>Adds something that recurs.</summary>
    /// <param name="rhythm">When.</param>
    /// <param name="run">What; it lets no exception out, and ends soon when its token is cancelled.</param>
    /// <param name="missed">Called with the number of runs that did not take place, and why; must be quick.</param>
    public Recurrence Add(Rhythm rhythm, Func<CancellationToken, Task> run, Action<MissedReason, long> missed)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            var recurrence = new Recurrence(rhythm, Now(), run, missed);
            _queue.Enqueue(recurrence, recurrence.Due);
            _timer ??= time.CreateTimer(_ => Turn(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            Arm();
            return recurrence;
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            _queue.Clear();
            _timer?.Dispose();
        }
    }

    /// <summary>Starts everything that is due.</summary>
    private void Turn()
    {
        lock (_lock)
        {
            if (_disposed)
                return;
            long now = Now();
            while (_queue.TryPeek(out Recurrence? first, out long due) && due <= now)
            {
                _queue.Dequeue();
                if (first.IsEnded)
                    continue;
                first.Start();
                first.Next(now);
                _queue.Enqueue(first, first.Due);
            }
            Arm();
        }
    }

    private void Arm()
    {
        if (!_queue.TryPeek(out _, out long due))
            return;
        // Timers count whole milliseconds: rounded up, so that none fires before its time.
        double wait = Math.Ceiling(TimeSpan.FromTicks(Math.Max(0, due - Now())).TotalMilliseconds);
        _timer!.Change(TimeSpan.FromMilliseconds(Math.Min(wait, int.MaxValue)), Timeout.InfiniteTimeSpan);
    }

    private long Now() => time.GetElapsedTime(_origin).Ticks;
}
