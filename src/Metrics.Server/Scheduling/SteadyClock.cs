namespace Metrics.Scheduling;

/// <summary>
/// The daemon's own clock: the system's, until that jumps. Then it goes on by the monotonic one, so that what arrives is judged when it
/// arrives: nothing known is suddenly out of order, nothing seems absent, nothing waits for an hour that was taken back. A clock that was
/// set forward is followed after a while, and rules rest while targets are polled again; one that was set back is approached slowly, by one
/// second in twenty. Any thread may ask.
/// </summary>
/// <remarks>clock_gettime(2): CLOCK_MONOTONIC is not affected by discontinuous jumps in the system time.</remarks>
internal sealed class SteadyClock(TimeProvider system) : TimeProvider
{
    /// <summary>What counts as a jump; less is followed as it comes.</summary>
    public static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(2);

    /// <summary>How long a clock that was set forward must stay there to be followed.</summary>
    public static readonly TimeSpan HoldFor = TimeSpan.FromMinutes(10);

    /// <summary>How long rules rest after it was followed: what they judge must have come in since.</summary>
    public static readonly TimeSpan SettleFor = TimeSpan.FromMinutes(1);

    private const int SlewPart = 20;
    private static readonly TimeSpan s_doubt = TimeSpan.FromDays(1);
    private static readonly TimeSpan s_moment = TimeSpan.FromMilliseconds(5);

    private readonly Lock _lock = new();
    private readonly long _origin = system.GetTimestamp();

    /// <summary>Our time less the monotonic one, in ticks.</summary>
    private long _offset = system.GetUtcNow().Ticks;

    /// <summary>The system's time less the monotonic one when it jumped, and ours; null while all is well.</summary>
    private Jump? _jump;

    private long _settledAt;
    private long _forward;
    private long _back;

    /// <summary>A jump that we have not followed yet.</summary>
    /// <param name="Since">When, by the monotonic clock, in ticks.</param>
    /// <param name="From">Our offset then.</param>
    /// <param name="To">The system's offset then.</param>
    private sealed record Jump(long Since, long From, long To);

    /// <summary>How far it is ahead of the system's clock; less than zero when it is behind, zero while it follows it.</summary>
    public TimeSpan Ahead
    {
        get
        {
            DateTimeOffset ours = GetUtcNow();
            return Volatile.Read(ref _jump) is null ? TimeSpan.Zero : ours - system.GetUtcNow();
        }
    }

    /// <summary>How often the system's clock was set forward, away from ours.</summary>
    public long JumpsForward => Volatile.Read(ref _forward);

    /// <summary>How often the system's clock was set back, away from ours.</summary>
    public long JumpsBack => Volatile.Read(ref _back);

    /// <summary>When, by a clock, rules may judge again after that was followed to another time; 1970 when it never was.</summary>
    public static DateTimeOffset SettledAt(TimeProvider clock) =>
        new(clock is SteadyClock steady ? Math.Max(UnixEpoch, Volatile.Read(ref steady._settledAt)) : UnixEpoch, TimeSpan.Zero);

    /// <summary>
    /// Whether what is old by a clock may be thrown away: for a day after it was followed to another time, that may be wrong.
    /// </summary>
    public static bool IsTrusted(TimeProvider clock) => clock.GetUtcNow() - SettledAt(clock) > s_doubt;

    /// <summary>How far a clock is ahead of the system's; that of another kind never is.</summary>
    public static TimeSpan AheadOf(TimeProvider clock) => clock is SteadyClock steady ? steady.Ahead : TimeSpan.Zero;

    private static long UnixEpoch => DateTimeOffset.UnixEpoch.Ticks;

    public override long TimestampFrequency => system.TimestampFrequency;

    public override TimeZoneInfo LocalTimeZone => system.LocalTimeZone;

    public override long GetTimestamp() => system.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        system.CreateTimer(callback, state, dueTime, period);

    public override DateTimeOffset GetUtcNow()
    {
        (long wall, long elapsed, bool isOneMoment) = Read();
        if (Volatile.Read(ref _jump) is null && Math.Abs(wall - elapsed - Volatile.Read(ref _offset)) <= Tolerance.Ticks)
        {
            if (isOneMoment)
                Volatile.Write(ref _offset, wall - elapsed);
            return new DateTimeOffset(wall, TimeSpan.Zero);
        }
        lock (_lock)
        {
            for (int tries = 0; tries == 0 || (!isOneMoment && tries < 10); tries++)
                (wall, elapsed, isOneMoment) = Read();
            return new DateTimeOffset(elapsed + OffsetAt(elapsed, wall - elapsed), TimeSpan.Zero);
        }
    }

    /// <summary>Both clocks, and whether at one moment: a thread that was stopped in between has read two.</summary>
    private (long Wall, long Elapsed, bool IsOneMoment) Read()
    {
        long before = system.GetTimestamp();
        long wall = system.GetUtcNow().Ticks;
        long after = system.GetTimestamp();
        return (wall, system.GetElapsedTime(_origin, after).Ticks, system.GetElapsedTime(before, after) < s_moment);
    }

    private long OffsetAt(long elapsed, long system)
    {
        if (Math.Abs(system - _offset) <= Tolerance.Ticks)
        {
            _jump = null;
            return _offset = system;
        }
        if (_jump is not { } jump || Math.Abs(system - jump.To) > Tolerance.Ticks)
        {
            jump = new Jump(elapsed, _offset, system);
            Count(jump);
            Volatile.Write(ref _jump, jump);
        }
        long since = elapsed - jump.Since;
        if (system < _offset)
            return _offset = Math.Max(system, jump.From - (since / SlewPart));
        if (since < HoldFor.Ticks)
            return _offset;
        _jump = null;
        _settledAt = elapsed + system + SettleFor.Ticks;
        return _offset = system;
    }

    private void Count(Jump jump)
    {
        long before = _jump?.To ?? jump.From;
        if (jump.To > before)
            _forward++;
        else
            _back++;
    }
}
