namespace Metrics.Api.Identity;

/// <summary>
/// Which accounts each address tries at one time, in bounded memory: an address that tries many is noted with each of these. Of a time
/// that is past nothing is held.
/// </summary>
/// <param name="maxHeld">Pairs of an address and an account that are held; of more it is not known whether the address tries many.</param>
internal sealed class SprayWatch(int maxHeld = 100_000)
{
    /// <summary>Accounts that an address which is no attacker's may try at one time: that of an office.</summary>
    public const int MaxTried = 15;

    /// <summary>Nanoseconds.</summary>
    private const long Window = 600_000_000_000;

    /// <summary>Attempts come as they arrive: one source may be behind another.</summary>
    private const int MaxWindows = 4;

    /// <summary>By window and hash of the address, the accounts; null of an address that is known to try many.</summary>
    private readonly Dictionary<long, Dictionary<int, HashSet<PasswordSigns>?>> _windows = [];
    private readonly Queue<long> _order = new();

    /// <summary>Pairs of an address and an account that are held; an address that tries many is one.</summary>
    public int Held { get; private set; }

    /// <summary>Whether there were more than are held.</summary>
    public bool IsCut { get; private set; }

    /// <summary>Notes a failure.</summary>
    /// <param name="origin">Hash of the address.</param>
    /// <param name="account">Of the account that it tries.</param>
    /// <param name="time">Nanoseconds since 1970 UTC.</param>
    public void Try(int origin, PasswordSigns account, long time)
    {
        long window = time / Window;
        Dictionary<int, HashSet<PasswordSigns>?> origins = OriginsOf(window);
        if (origins.TryGetValue(origin, out HashSet<PasswordSigns>? tried) && tried is null)
        {
            account.Spray(origin, window);
            return;
        }
        if (tried?.Contains(account) == true)
            return;
        while (Held >= maxHeld && _order.Peek() != window)
            DropFirst();
        if (Held >= maxHeld)
        {
            IsCut = true;
            return;
        }
        if (tried is null)
            origins.Add(origin, tried = []);
        tried.Add(account);
        Held++;
        if (tried.Count <= MaxTried)
            return;
        foreach (PasswordSigns one in tried)
            one.Spray(origin, window);
        Held -= tried.Count - 1;
        origins[origin] = null;
    }

    private Dictionary<int, HashSet<PasswordSigns>?> OriginsOf(long window)
    {
        if (_windows.TryGetValue(window, out Dictionary<int, HashSet<PasswordSigns>?>? origins))
            return origins;
        if (_order.Count == MaxWindows)
            DropFirst();
        _order.Enqueue(window);
        _windows.Add(window, origins = []);
        return origins;
    }

    private void DropFirst()
    {
        if (_windows.Remove(_order.Dequeue(), out Dictionary<int, HashSet<PasswordSigns>?>? past))
            Held -= past.Values.Sum(t => t?.Count ?? 1);
    }
}
