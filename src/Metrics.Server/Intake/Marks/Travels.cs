using System.Globalization;
using Metrics.Model;

namespace Metrics.Intake.Marks;

/// <summary>
/// From where each account has got in last, and whether anybody can have come from there since. Bounded: the accounts that were seen last
/// are remembered. A start begins anew. One thread at a time.
/// </summary>
/// <param name="maxAccounts">Accounts that are remembered, at least half of them.</param>
internal sealed class Travels(int maxAccounts = 20_000)
{
    /// <summary>What <c>event.travel</c> says.</summary>
    public const string Impossible = "impossible";

    /// <summary>No aeroplane of the public's is faster.</summary>
    private const double MaxKilometresAnHour = 1000;

    /// <summary>What is nearer may be a fault of the database: of mobile networks it knows little.</summary>
    private const double MinKilometres = 500;

    private const double EarthRadiusKilometres = 6371;

    /// <summary>Nanoseconds.</summary>
    private const double Hour = 3_600_000_000_000;

    private Dictionary<string, Stay> _recent = [];
    private Dictionary<string, Stay> _older = [];

    /// <summary>Notes a log-in that succeeded.</summary>
    /// <param name="account">Whose.</param>
    /// <param name="time">When, nanoseconds since 1970 UTC.</param>
    /// <param name="country">In which country.</param>
    /// <param name="location">Degrees north and east; null where they are not known.</param>
    /// <returns>Whether no traveller gets there from where the account was before.</returns>
    public bool IsImpossible(string account, long time, string country, string? location)
    {
        var here = new Stay(time, country, PlaceOf(location));
        bool isKnown = _recent.TryGetValue(account, out Stay before) || _older.TryGetValue(account, out before);
        if (!isKnown || time >= before.Time)
            Put(account, here);
        return isKnown && IsTooFar(before, here);
    }

    private static bool IsTooFar(Stay one, Stay other)
    {
        double hours = Math.Abs(other.Time - one.Time) / Hour;
        if (one.Place is not { } from || other.Place is not { } to)
            return one.Country != other.Country && hours < 1;
        double kilometres = Distance(from, to);
        return kilometres >= MinKilometres && kilometres > hours * MaxKilometresAnHour;
    }

    private void Put(string account, Stay stay)
    {
        if (_recent.Count >= maxAccounts / 2 && !_recent.ContainsKey(account))
            (_older, _recent) = (_recent, []);
        _recent[account] = stay;
    }

    private static (double North, double East)? PlaceOf(string? location) =>
        location?.Split(',') is [var north, var east]
        && double.TryParse(north, NumberStyles.Float, CultureInfo.InvariantCulture, out double n)
        && double.TryParse(east, NumberStyles.Float, CultureInfo.InvariantCulture, out double e)
        && Math.Abs(n) <= 90 && Math.Abs(e) <= 180
            ? (n, e)
            : null;

    /// <summary>Along the great circle (haversine).</summary>
    private static double Distance((double North, double East) from, (double North, double East) to)
    {
        double north = Radians(to.North - from.North), east = Radians(to.East - from.East);
        double chord = Math.Pow(Math.Sin(north / 2), 2)
            + (Math.Cos(Radians(from.North)) * Math.Cos(Radians(to.North)) * Math.Pow(Math.Sin(east / 2), 2));
        return 2 * EarthRadiusKilometres * Math.Asin(Math.Min(1, Math.Sqrt(chord)));
    }

    private static double Radians(double degrees) => degrees * Math.PI / 180;

    /// <summary>Where an account was, and when.</summary>
    private readonly record struct Stay(long Time, string Country, (double North, double East)? Place);
}
