using System.Globalization;
using Metrics.Model;

namespace Metrics.Tests.Rules.Identity;

/// <summary>Log-ins of some hours as Keystone notifies of them: what is normal, and what is planted among it.</summary>
/// <param name="seed">The same gives the same.</param>
internal sealed class LoginTraffic(int seed)
{
    /// <summary>How long it is.</summary>
    public static readonly TimeSpan Length = TimeSpan.FromMinutes(150);

    private readonly Random _random = new(seed);
    private readonly List<(double Second, string Kind, string Outcome, string User, string Origin, string Reason)> _all = [];

    /// <summary>What was planted.</summary>
    public List<LoginAttack> Attacks { get; } = [];

    /// <summary>The events in their order.</summary>
    /// <param name="start">When it begins, milliseconds since 1970 UTC.</param>
    public IReadOnlyList<Event> Events(long start) => [.. _all.OrderBy(e => e.Second).Select(e => EventOf(e, start))];

    /// <summary>
    /// Fifty people behind one address at the change of shifts, others by themselves, services each minute, and a job whose password has
    /// expired.
    /// </summary>
    public LoginTraffic AddNormal()
    {
        double shift = Between(600, 6000);
        for (int person = 0; person < 50; person++)
            AddPerson($"office-{person}", "192.0.2.1", shift + Between(0, 480), mistypes: 0.3);
        for (int person = 0; person < 200; person++)
            AddPerson($"person-{person}", $"10.1.{person / 20}.{person % 20}", Between(0, Length.TotalSeconds), mistypes: 0.1);
        foreach (string service in (string[])["nova", "cinder"])
        {
            for (double at = Between(0, 60); at < Length.TotalSeconds; at += Between(55, 65))
                Add(at, service, "10.0.0.11");
        }
        for (double at = Between(0, 60); at < Length.TotalSeconds; at += 60)
            Add(at, "batch", "10.0.0.99", "failure", "The password is expired and needs to be changed for user: id-batch.");
        return this;
    }

    /// <summary>One address guesses one account's password.</summary>
    public LoginTraffic AddBruteForce()
    {
        double begin = Between(60, 7000), at = begin;
        for (int tries = _random.Next(60, 300); tries > 0; tries--, at += Between(1, 8))
            Add(at, "ann", "203.0.113.7", "failure");
        Attacks.Add(new LoginAttack("IdentityBruteForce", "ann", null, begin, Within: 120));
        AddSuccess(at, "ann", "203.0.113.7");
        return this;
    }

    /// <summary>A few addresses take turns at one account.</summary>
    public LoginTraffic AddFewOrigins()
    {
        double begin = Between(60, 7000), at = begin;
        int origins = _random.Next(2, 5);
        for (int tries = 0; tries < 150; tries++, at += Between(2, 4))
            Add(at, "dave", $"203.0.114.{tries % origins}", "failure");
        Attacks.Add(new LoginAttack("IdentityBruteForce", "dave", null, begin, Within: 240));
        return this;
    }

    /// <summary>One address tries a password on many accounts.</summary>
    public LoginTraffic AddSpraying()
    {
        double begin = Between(60, 5000), at = begin, pace = Between(0.5, 20);
        int first = _random.Next(0, 100), last = first + _random.Next(40, 100);
        for (int account = first; account < last; account++, at += pace * Between(0.5, 1.5))
            Add(at, $"person-{account}", "203.0.115.7", "failure");
        Attacks.Add(new LoginAttack("IdentityPasswordSpraying", null, "203.0.115.7", begin, Within: 600));
        AddSuccess(at, $"person-{_random.Next(200)}", "203.0.115.7");
        return this;
    }

    /// <summary>Many addresses try one account, each once or twice in hours.</summary>
    public LoginTraffic AddSlowGuessing()
    {
        double last = 0;
        var begins = new List<double>();
        for (int origin = 0; origin < 40; origin++)
        {
            double at = Between(0, 7200);
            begins.Add(at);
            Add(at, "carl", $"198.51.100.{origin}", "failure");
            if (_random.Next(2) == 0)
                Add(at + Between(60, 900), "carl", $"198.51.100.{origin}", "failure");
            last = Math.Max(last, at + 960);
        }
        Attacks.Add(new LoginAttack("IdentitySlowGuessing", "carl", null, begins.Min(), Within: 4500));
        AddSuccess(last, "carl", $"198.51.100.{_random.Next(40)}");
        return this;
    }

    /// <summary>One address locks accounts, one behind the other.</summary>
    public LoginTraffic AddLockoutStorm()
    {
        double begin = Between(60, 7000), at = begin;
        for (int account = 0, count = _random.Next(10, 40); account < count; account++)
        {
            for (int tries = 0; tries < 7; tries++, at += Between(0.3, 1))
                Add(at, $"office-{account}", "203.0.116.7", "failure", tries < 5 ? "" : $"The account is locked for user: id-{account}.");
        }
        Attacks.Add(new LoginAttack("IdentityLockoutStorm", null, "203.0.116.7", begin, Within: 60));
        return this;
    }

    /// <summary>One address tries all accounts in turn, once each, until they are locked: it sprays first.</summary>
    public LoginTraffic AddLockoutInTurn()
    {
        double begin = Between(60, 7000), at = begin, locks = 0;
        int accounts = _random.Next(20, 50);
        for (int tries = 0; tries < 7; tries++)
        {
            locks = tries == 5 ? at : locks;
            for (int account = 0; account < accounts; account++, at += Between(0.3, 1))
                Add(at, $"person-{account}", "203.0.117.7", "failure", tries < 5 ? "" : $"The account is locked for user: id-{account}.");
        }
        Attacks.Add(new LoginAttack("IdentityPasswordSpraying", null, "203.0.117.7", begin, Within: 60));
        Attacks.Add(new LoginAttack("IdentityLockoutStorm", null, "203.0.117.7", locks, Within: 60));
        return this;
    }

    /// <summary>Half of them get in.</summary>
    private void AddSuccess(double at, string user, string origin)
    {
        if (_random.Next(2) == 0)
            return;
        Add(at, user, origin);
        Attacks.Add(new LoginAttack("IdentitySuccessAfterFailures", user, origin, at, Within: 1));
    }

    private void AddPerson(string user, string origin, double at, double mistypes)
    {
        for (int tries = _random.NextDouble() < mistypes ? _random.Next(1, 5) : 0; tries > 0; tries--, at += Between(3, 15))
            Add(at, user, origin, "failure");
        Add(at, user, origin);
    }

    private void Add(double second, string user, string origin, string outcome = "success", string reason = "")
    {
        bool isLocked = reason.StartsWith("The account is locked", StringComparison.Ordinal);
        _all.Add((second, isLocked ? EventKinds.IdentityLockout : EventKinds.IdentityAuthenticate, outcome, user, origin, reason));
    }

    private double Between(double low, double high) => low + (_random.NextDouble() * (high - low));

    private static Event EventOf((double Second, string Kind, string Outcome, string User, string Origin, string Reason) one, long start)
    {
        long time = (start + (long)(one.Second * 1000)) * 1_000_000;
        var fields = new List<EventField>
        {
            new(EventFields.Outcome, one.Outcome), new(EventFields.UserName, one.User), new(EventFields.UserId, "id-" + one.User),
            new(EventFields.SourceIp, one.Origin), new(EventFields.Service, "keystone"),
        };
        if (one.Reason.Length > 0)
            fields.Add(new EventField(EventFields.Reason, one.Reason));
        string body = string.Create(CultureInfo.InvariantCulture, $"{one.User} from {one.Origin}: {one.Outcome}");
        return new Event { Time = time, ObservedTime = time, Kind = one.Kind, SeverityNumber = 9, Body = body, Fields = fields };
    }
}

/// <summary>An attack that was planted, and the alert that is right for it.</summary>
/// <param name="Alert">The alert's name.</param>
/// <param name="User">The account that it names; null where it may name none.</param>
/// <param name="Origin">The address that it names; null where it may name none.</param>
/// <param name="Begin">When it begins, in seconds.</param>
/// <param name="Within">Seconds within which it is told.</param>
internal sealed record LoginAttack(string Alert, string? User, string? Origin, double Begin, double Within)
{
    /// <summary>Whether an alert is the right one. Times of alerts are whole milliseconds.</summary>
    public bool Is(FiredAlert fired) =>
        fired.Name == Alert && (User is null || fired.User == User) && (Origin is null || fired.Origin == Origin)
        && fired.Second > Begin - 0.001;
}

/// <summary>An alert that began to fire.</summary>
internal sealed record FiredAlert(double Second, string Name, string User, string Origin);
