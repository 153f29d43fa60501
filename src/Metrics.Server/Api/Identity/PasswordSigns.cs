namespace Metrics.Api.Identity;

/// <summary>What the attempts at one account say of its password, in little memory; they come in the order of their arrival.</summary>
internal sealed class PasswordSigns
{
    /// <summary>Failures from one address, no further apart than <see cref="Pause"/>, that are no mistyping.</summary>
    public const int FailuresOfGuessing = 8;

    /// <summary>Failures of a day that make it count.</summary>
    public const int FailuresOfDay = 3;

    /// <summary>Different passwords that are told apart.</summary>
    public const int MaxPasswords = 100;

    private const long Pause = 3_600_000_000_000;
    private const long Day = 86_400_000_000_000;

    /// <summary>Addresses that try many accounts, this one among them: of one time no more are counted.</summary>
    public const int MaxSprayers = 16;

    /// <summary>Addresses that are followed at one time; of more the one with the fewest failures goes.</summary>
    private const int MaxRuns = 16;

    private Dictionary<int, (int Failures, long Last)>? _runs;
    private HashSet<int>? _passwords;
    private HashSet<(int Origin, long Window)>? _sprayers;
    private long _day = long.MinValue;
    private int _ofDay;

    /// <summary>How often somebody got in from an address that had failed like one that guesses.</summary>
    public long Entered { get; private set; }

    /// <summary>When that was last.</summary>
    public long LastEntered { get; private set; }

    /// <summary>How often an address that was trying many accounts tried this one.</summary>
    public long Sprayed { get; private set; }

    /// <summary>Attempts with a password that is right and too old.</summary>
    public long Expired { get; private set; }

    /// <summary>Days with failures that are no mistyping.</summary>
    public int Days { get; private set; }

    /// <summary>Failures of which it is said whether the password was the same.</summary>
    public long Told { get; private set; }

    /// <summary>How many different passwords these were, up to <see cref="MaxPasswords"/>.</summary>
    public int Passwords => _passwords?.Count ?? 0;

    /// <param name="one">An attempt.</param>
    /// <param name="origin">Hash of where it came from; null where that is not known.</param>
    public void Add(LoginAttempt one, int? origin)
    {
        if (!one.IsFailure)
        {
            Enter(one.Time, origin);
            return;
        }
        if (one.IsExpired)
        {
            Expired++;
            return;
        }
        NoteDay(one.Time / Day);
        if (one.Fingerprint.Length > 0)
        {
            Told++;
            _passwords ??= [];
            if (_passwords.Count < MaxPasswords)
                _passwords.Add(one.Fingerprint.GetHashCode(StringComparison.Ordinal));
        }
        if (origin is { } from)
            Follow(from, one.Time);
    }

    /// <summary>Notes that an address tries many accounts, this one among them; once of an address and a time.</summary>
    public void Spray(int origin, long window)
    {
        _sprayers ??= [];
        if (_sprayers.Contains((origin, window)))
            return;
        if (_sprayers.Count == MaxSprayers)
            _sprayers.RemoveWhere(s => s.Window < window);
        if (_sprayers.Count == MaxSprayers)
            return;
        _sprayers.Add((origin, window));
        Sprayed++;
    }

    /// <summary>Takes the failures from an address that are known of the same account by its name alone.</summary>
    public void TakeRun(PasswordSigns same, int origin)
    {
        if (same._runs?.Remove(origin, out (int Failures, long Last) other) != true)
            return;
        _runs ??= [];
        (int Failures, long Last) own = _runs.GetValueOrDefault(origin);
        if (Math.Abs(own.Last - other.Last) <= Pause)
            _runs[origin] = (own.Failures + other.Failures, Math.Max(own.Last, other.Last));
        else if (own.Last < other.Last)
            _runs[origin] = other;
    }

    /// <summary>Takes over what was seen of the same account by its name.</summary>
    public void Add(PasswordSigns same)
    {
        Entered += same.Entered;
        LastEntered = Math.Max(LastEntered, same.LastEntered);
        Sprayed += same.Sprayed;
        Expired += same.Expired;
        // They may be the same days.
        Days = Math.Max(Days, same.Days);
        Told += same.Told;
        foreach (int password in same._passwords ?? [])
        {
            _passwords ??= [];
            if (_passwords.Count < MaxPasswords)
                _passwords.Add(password);
        }
    }

    private void Enter(long time, int? origin)
    {
        if (origin is not { } from || _runs?.Remove(from, out (int Failures, long Last) run) != true)
            return;
        if (run.Failures < FailuresOfGuessing || time - run.Last > Pause)
            return;
        Entered++;
        LastEntered = Math.Max(LastEntered, time);
    }

    private void NoteDay(long day)
    {
        _ofDay = day == _day ? _ofDay + 1 : 1;
        _day = day;
        Days += _ofDay == FailuresOfDay ? 1 : 0;
    }

    private void Follow(int origin, long time)
    {
        _runs ??= [];
        if (_runs.TryGetValue(origin, out (int Failures, long Last) run))
            _runs[origin] = (time - run.Last > Pause ? 1 : run.Failures + 1, time);
        else
        {
            if (_runs.Count == MaxRuns)
                _runs.Remove(_runs.MinBy(r => r.Value.Failures).Key);
            _runs.Add(origin, (1, time));
        }
    }
}
