using Metrics.Model;
using Metrics.Query;

namespace Metrics.Rules;

/// <summary>One round that is to take place.</summary>
/// <param name="Chosen">The rules that have their turn because data arrived; null is all, at the interval.</param>
/// <param name="Newest">Time of the newest sample that arrived, milliseconds since 1970 UTC; 0 without.</param>
/// <param name="Arrived">When it arrived, as <see cref="TimeProvider.GetTimestamp"/> has it; 0 without.</param>
/// <param name="Missed">Rounds before it that did not take place.</param>
/// <param name="Due">Since when it is due, milliseconds since 1970 UTC; 0 on arrival.</param>
internal sealed record Round(RuleMask? Chosen, long Newest, long Arrived, MissedRounds Missed, long Due);

/// <summary>
/// A group and its turn: at its interval all rules, in between those whose data arrived, as often as it is cheap. It never overlaps itself.
/// </summary>
internal sealed class ScheduledGroup(GroupRunner runner, double arrivalShare) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _ends = new();
    private readonly long _interval = (long)runner.Group.Interval.TotalMilliseconds;
    private readonly ArrivalPace _pace = new(arrivalShare, runner.Group.Interval);
    private RuleMask? _pending;
    private long _newest;
    private long _arrived;
    private long _markedAt;
    private volatile bool _isRunning;
    private volatile bool _isHeld;

    /// <summary>Its rules at work.</summary>
    public GroupRunner Runner => runner;

    /// <summary>What rounds on arrival may take of a core, all groups together.</summary>
    public double ArrivalShare => arrivalShare;

    /// <summary>What its last round of all rules asked of a remote engine.</summary>
    public IReadOnlySet<PreparedQuery> AskedLast { get; set; } = new HashSet<PreparedQuery>();

    /// <summary>How often it may be evaluated on arrival.</summary>
    public ArrivalPace Pace => _pace;

    /// <summary>When all its rules are due, milliseconds since 1970 UTC.</summary>
    public long NextDue => runner.NextDue;

    /// <summary>When the round that is under way began, as <see cref="TimeProvider.GetTimestamp"/> has it.</summary>
    public long RunningSince { get; private set; }

    /// <summary>Since when each of its rounds has failed for a reason nobody has foreseen, as above; null while they do not.</summary>
    public long? FailingSince { get; set; }

    /// <summary>Whether a round is under way.</summary>
    public bool IsRunning => _isRunning;

    /// <summary>Whether its rounds wait, since its windows are being filled.</summary>
    public bool IsHeld
    {
        get => _isHeld;
        set => _isHeld = value;
    }

    /// <summary>The round that is under way, or was last.</summary>
    public Task Running { get; set; } = Task.CompletedTask;

    /// <summary>Ends when the group is given up: a round of it that is not judged yet is not worth waiting for.</summary>
    public CancellationToken Ends => _ends.Token;

    public void Dispose() => _ends.Dispose();

    /// <summary>Gives the group up; returns when no round of it is under way.</summary>
    public async Task EndAsync()
    {
        await _ends.CancelAsync();
        await Running;
    }

    /// <summary>Notes that data of some rules arrived. Any thread.</summary>
    /// <returns>Whether somebody should look.</returns>
    public bool Mark(RuleMask rules, long newest, long arrived, long now)
    {
        if (_pace.IsTooDear)
            return false;
        lock (_lock)
        {
            bool isFirst = _pending is null;
            if (isFirst)
                (_pending, _newest, _arrived, _markedAt) = (new RuleMask(rules.Size), newest, arrived, now);
            _pending!.Add(rules);
            _newest = Math.Max(_newest, newest);
            return isFirst;
        }
    }

    /// <summary>Whether something has arrived that no round has looked at.</summary>
    public bool HasPending
    {
        get
        {
            lock (_lock)
                return _pending is not null;
        }
    }

    /// <summary>When a round on arrival may begin, milliseconds since 1970 UTC; <see cref="long.MaxValue"/> when nothing arrived.</summary>
    public long NextArrival(long now)
    {
        lock (_lock)
            return _pending is null ? long.MaxValue : Math.Max(_markedAt + (long)_pace.Gather.TotalMilliseconds, _pace.FreeAt(now));
    }

    /// <summary>Says when the group was evaluated before the start; 0 when that is not known.</summary>
    public void ResumeFrom(long last, long now) => runner.NextDue = last > 0 ? Math.Min(runner.BeatAfter(last), now) : now;

    /// <summary>The round at the interval, when it is due; it takes in what has arrived.</summary>
    public Round? TakeInterval(long now, long oldest)
    {
        // A clock that was set back must not put the group to sleep.
        if (runner.NextDue - now > _interval)
            runner.NextDue = runner.BeatAfter(now);
        if (now < runner.NextDue)
            return null;
        long due = runner.NextDue == 0 ? now : runner.NextDue;
        MissedRounds missed = MissedRounds.Of(due, now, runner.Group.Interval, runner.LastDuration, oldest);
        runner.NextDue = runner.BeatAfter(now);
        lock (_lock)
        {
            var round = new Round(null, _pending is null ? 0 : _newest, 0, missed, due);
            _pending = null;
            return round;
        }
    }

    /// <summary>The round of what has arrived; null when nothing has.</summary>
    public Round? TakeArrival()
    {
        lock (_lock)
        {
            Round? round = _pending is null ? null : new Round(_pending, _newest, _arrived, MissedRounds.None, 0);
            _pending = null;
            return round;
        }
    }

    /// <summary>A round was given up before it was judged: whoever takes the group over has it at once.</summary>
    public void GiveBack(Round round)
    {
        if (round.Chosen is not { } chosen)
        {
            runner.NextDue = round.Due;
            return;
        }
        lock (_lock)
        {
            if (_pending is null)
                (_pending, _newest, _arrived) = (new RuleMask(chosen.Size), round.Newest, round.Arrived);
            _pending.Add(chosen);
            _newest = Math.Max(_newest, round.Newest);
        }
    }

    /// <summary>A round begins.</summary>
    public void Begin(long timestamp)
    {
        RunningSince = timestamp;
        _isRunning = true;
    }

    /// <summary>The round is over.</summary>
    public void End() => _isRunning = false;
}
