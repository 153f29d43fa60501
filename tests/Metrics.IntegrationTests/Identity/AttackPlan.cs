namespace Metrics.IntegrationTests.Identity;

/// <summary>
/// What happens at a Keystone in one run: fifty people behind one address at the change of shifts, jobs, services, and attacks beside them
/// (or none), by chance.
/// </summary>
internal sealed class AttackPlan
{
    private const string Success = "IdentitySuccessAfterFailures";
    private readonly Random _random;
    private readonly string _network;
    private readonly List<string> _office;
    private readonly HashSet<string> _mistyping;

    /// <summary>People of the office whom no attack has chosen yet, in no order.</summary>
    private readonly Queue<string> _victims;
    private int _lastNetwork = 9;

    /// <param name="seed">The same gives the same.</param>
    /// <param name="isNormal">Whether there is no attack.</param>
    public AttackPlan(int seed, bool isNormal)
    {
        _random = new Random(seed);
        Seed = seed;
        IsLocking = _random.Next(5) < 3;
        _network = $"127.{_random.Next(2, 250)}";
        _office = [.. Enumerable.Range(0, 50).Select(n => $"s{seed}-person-{n}")];
        Accounts.AddRange(_office.Select(p => new Account(p, IsExempt: !IsLocking)));
        // Half an office that types wrong is no normal morning: fifteen of fifty are the most that rules/identity.yaml lets pass.
        _mistyping = [.. _office.OrderBy(_ => _random.Next()).Take(_random.Next(4, 16))];
        _victims = new Queue<string>(_office.OrderBy(_ => _random.Next()));
        AddNormal();
        if (!isNormal)
            AddAttacks();
    }

    public int Seed { get; }

    /// <summary>Whether accounts are locked after five failures; else all are exempt from that.</summary>
    public bool IsLocking { get; }

    public List<Account> Accounts { get; } = [];

    /// <summary>What goes on at one time.</summary>
    public List<Lane> Lanes { get; } = [];

    /// <summary>All that is to be told.</summary>
    public List<ExpectedAlert> Expected { get; } = [];

    private string Office => $"{_network}.1.1";

    private string Node(int number) => $"{_network}.2.{number}";

    private void AddNormal()
    {
        foreach (string[] people in _office.OrderBy(_ => _random.Next()).Chunk(17))
        {
            Lane("shift", 0, people.SelectMany(p => Enumerable.Repeat(new LogIn(p, Office, IsRight: false, Pause(100, 500)),
                _mistyping.Contains(p) ? _random.Next(1, 3) : 0).Append(new LogIn(p, Office, IsRight: true, Pause(0, 150)))));
        }
        string expired = Account("batch", isExpired: true), changed = Account("report"), service = Account("service");
        Lane(ExpiredJob, 0, Times(_random.Next(6, 13), _ => new LogIn(expired, Node(1), IsRight: true, Pause(300, 900), IsIn: false)));
        Lane("old password", 0, Times(_random.Next(4, 9), _ => new LogIn(changed, Node(2), IsRight: false, Pause(300, 900))));
        Lane("service", 0, Times(_random.Next(5, 15), _ => new LogIn(service, Node(3), IsRight: true, Pause(200, 800), IsIn: true)));
        Expected.Add(new ExpectedAlert(ExpiredJob, "IdentityExpiredPassword", expired, null));
    }

    private void AddAttacks()
    {
        List<Action> attacks = [AddBruteForce, AddFewOrigins, AddSpraying, AddSlowGuessing, AddGuessed, AddDisabled];
        List<Action> some = [.. attacks.OrderBy(_ => _random.Next()).Take(_random.Next(1, attacks.Count + 1))];
        if (IsLocking && _random.Next(5) > 0)
            some.Insert(_random.Next(some.Count), _random.Next(3) == 0 ? AddStormOfMany : AddStorm);
        some.ForEach(attack => attack());
    }

    private void AddBruteForce()
    {
        const string Name = "brute force";
        string victim = Victim("guessed"), from = Origin();
        bool isIn = MayEnter(victim);
        Lane(Name, Later(), Times(_random.Next(12, 60), _ => new LogIn(victim, from, IsRight: false, Pause(10, 150))),
            isIn ? new LogIn(victim, from, IsRight: true, 0, IsIn: true) : null);
        Expected.Add(new ExpectedAlert(Name, "IdentityBruteForce", victim, from));
        if (isIn)
            Expected.Add(new ExpectedAlert("brute force that gets in", Success, victim, from) { Lane = Name });
    }

    private void AddFewOrigins()
    {
        const string Name = "brute force from a few addresses";
        string victim = Victim("turns"), network = Network();
        int origins = _random.Next(4, 8);
        Lane(Name, Later(), Times(
            _random.Next(34, 40), n => new LogIn(victim, $"{network}.{n % origins}", IsRight: false, Pause(10, 150))));
        Expected.Add(new ExpectedAlert(Name, "IdentityBruteForce", victim, null));
    }

    private void AddSpraying()
    {
        const string Name = "spraying";
        string from = Origin(), weak = Account("weak", isExempt: true);
        bool isIn = _random.Next(2) == 0;
        // Names that are tried need not exist.
        string[] names = [.. _office.Concat(Times(20, n => $"s{Seed}-nobody-{n}")).OrderBy(_ => _random.Next()).Take(_random.Next(18, 60))];
        int rounds = _random.Next(1, 3);
        Lane(Name, Later(), Times(rounds, _ => names).SelectMany(n => n).Select(n => new LogIn(n, from, IsRight: false, Pause(0, 100))),
            isIn ? new LogIn(weak, from, IsRight: true, 0, IsIn: true) : null);
        Expected.Add(new ExpectedAlert(Name, "IdentityPasswordSpraying", null, from));
        if (isIn)
            Expected.Add(new ExpectedAlert("spraying that gets in", Success, weak, from) { Lane = Name });
    }

    private void AddSlowGuessing()
    {
        const string Name = "guessing from many addresses";
        // Nobody can tell its owner, who has just mistyped and gets in, from the one of many addresses that is right at last.
        string victim = Victim("many"), network = Network();
        if (_mistyping.Contains(victim))
            victim = Account("many", isExempt: true);
        int origins = _random.Next(12, 25), first = _random.Next(1, 200);
        bool isIn = MayEnter(victim);
        // The one that is right comes from an address that was wrong before, or from a new one.
        string last = $"{network}.{first + _random.Next(origins + 1)}";
        Lane(Name, Later(), Times(origins, n => new LogIn(victim, $"{network}.{first + n}", IsRight: false, Pause(50, 300))),
            isIn ? new LogIn(victim, last, IsRight: true, 0, IsIn: true) : null);
        Expected.Add(new ExpectedAlert(Name, "IdentitySlowGuessing", victim, null));
        if (isIn)
            Expected.Add(new ExpectedAlert("one of many addresses that gets in", Success, victim, last) { Lane = Name });
    }

    private void AddGuessed()
    {
        const string Name = "success after failures";
        string victim = Account("lucky", isExempt: true), from = Origin();
        Lane(Name, Later(), Times(_random.Next(8, 11), _ => new LogIn(victim, from, IsRight: false, Pause(50, 300))),
            new LogIn(victim, from, IsRight: true, 0, IsIn: true));
        Expected.Add(new ExpectedAlert(Name, Success, victim, from));
    }

    private void AddDisabled()
    {
        const string Name = "disabled account";
        string left = Account("left", isEnabled: false), from = Origin();
        Lane(Name, Later(), Times(_random.Next(3, 8), _ => new LogIn(left, from, IsRight: true, Pause(50, 500), IsIn: false)));
        Expected.Add(new ExpectedAlert(Name, "IdentityDisabledAccountTried", left, null));
    }

    /// <summary>One address locks accounts, one behind the other or all in turn; then people come whose accounts they are.</summary>
    private void AddStorm()
    {
        const string Name = "lock-outs from one address";
        string from = Origin();
        string program = Account("program");
        string[] locked = [program, .. Times(_random.Next(8, 26), _ => _victims.Dequeue())];
        int tries = _random.Next(6, 9);
        bool isInTurn = _random.Next(2) == 0;
        IEnumerable<string> names = isInTurn ? Times(tries, _ => locked).SelectMany(n => n) : locked.SelectMany(n => Times(tries, _ => n));
        // Among them is the account of a program, which goes on to log in.
        IEnumerable<LogIn> kept = Times(
            _random.Next(12, 20), _ => new LogIn(program, Node(4), IsRight: true, Pause(50, 200)) { IsOwner = true });
        Lane(Name, Later(), [.. names.Select(n => new LogIn(n, from, IsRight: false, Pause(0, 20))), .. Owners(locked[1..]), .. kept]);
        Expected.Add(new ExpectedAlert(Name, "IdentityLockoutStorm", null, from));
        Expected.Add(new ExpectedAlert("program that is locked out", "IdentityAccountLockedOut", program, Node(4)) { Lane = Name });
        if (isInTurn && locked.Length > 15)
            Expected.Add(new ExpectedAlert("lock-outs in turn, spraying first", "IdentityPasswordSpraying", null, from) { Lane = Name });
    }

    /// <summary>Each of several addresses locks a few.</summary>
    private void AddStormOfMany()
    {
        const string Name = "lock-outs from several addresses";
        string network = Network();
        string[] locked = [.. Times(_random.Next(22, 31), _ => _victims.Dequeue())];
        IEnumerable<LogIn> tries = locked.SelectMany(
            (name, n) => Times(6, _ => new LogIn(name, $"{network}.{1 + (n / 5)}", IsRight: false, Pause(0, 20))));
        Lane(Name, Later(), [.. tries, .. Owners(locked)]);
        Expected.Add(new ExpectedAlert(Name, "IdentityLockoutStorm", null, ""));
    }

    /// <summary>People who find their accounts locked; not those who have mistyped in the ten minutes before.</summary>
    private IEnumerable<LogIn> Owners(string[] locked) => locked.Except(_mistyping).Take(_random.Next(locked.Length + 1))
        .SelectMany(n => Times(_random.Next(1, 3), _ => new LogIn(n, Office, IsRight: true, Pause(0, 100)) { IsOwner = true }));

    /// <summary>One of the office, or an account of its own that no failures lock.</summary>
    private string Victim(string name) => _random.Next(2) == 0 ? _victims.Dequeue() : Account(name, isExempt: true);

    private bool MayEnter(string victim) => _random.Next(2) == 0 && Accounts.Exists(a => a.Name == victim && a.IsExempt);

    private string Account(string name, bool isEnabled = true, bool isExpired = false, bool isExempt = false)
    {
        var account = new Account($"s{Seed}-{name}", isEnabled, isExpired, isExempt || !IsLocking);
        Accounts.Add(account);
        return account.Name;
    }

    private void Lane(string name, int delay, IEnumerable<LogIn> logIns, LogIn? last = null) =>
        Lanes.Add(new Lane(name, delay, last is null ? [.. logIns] : [.. logIns, last]));

    private static IEnumerable<T> Times<T>(int count, Func<int, T> make) => Enumerable.Range(0, count).Select(make);

    private string Network() => $"{_network}.{_lastNetwork += _random.Next(1, 20)}";

    private string Origin() => $"{Network()}.{_random.Next(1, 255)}";

    private int Later() => _random.Next(0, 4000);

    private int Pause(int least, int most) => _random.Next(least, most);

    internal const string ExpiredJob = "job whose password has expired";
}
