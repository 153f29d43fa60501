using System.Globalization;
using Metrics.Formats.EventJson;

namespace Metrics.Api.Identity;

/// <summary>Which accounts have not logged in for long, and how sure that is.</summary>
/// <param name="Successes">Whether Keystone reports log-ins that succeed: <c>reported</c>, <c>dropped</c>, <c>unknown</c>.</param>
/// <param name="Note">What that means, for people.</param>
/// <param name="All">The accounts, the surest and longest first.</param>
internal sealed record DormantAccounts(string Successes, string Note, IReadOnlyList<DormantAccount> All)
{
    private const long NanosecondsPerDay = 86_400_000_000_000;

    /// <summary>Keystone itself says so (<c>last_active_at</c>).</summary>
    private const string Dormant = "dormant";

    /// <summary>Log-ins that succeed are heard of, and the last of this account was long ago.</summary>
    private const string Quiet = "quiet";

    /// <summary>Log-ins that succeed are heard of, and none of this account was since the event log begins.</summary>
    private const string Never = "never";

    /// <summary>None was seen, which says little: they are not heard of, or not for so long.</summary>
    private const string NotSeen = "not seen";

    private static readonly string[] s_order = [Dormant, Quiet, Never, NotSeen];

    /// <param name="history">What the event log knows.</param>
    /// <param name="users">What Keystone says.</param>
    /// <param name="days">For how many days they have not logged in.</param>
    /// <param name="now">Nanoseconds since 1970 UTC.</param>
    public static DormantAccounts Of(LoginHistory history, IReadOnlyCollection<KeystoneUser> users, int days, long now)
    {
        long since = now - (days * NanosecondsPerDay);
        (string successes, string note) = Judge(history, now);
        bool isHeard = successes == "reported" && history.FirstSuccess <= since;
        Dictionary<string, SeenAccount> byId = history.Accounts.Where(a => a.Id.Length > 0).ToDictionary(a => a.Id);
        ILookup<string, SeenAccount> byName = history.Accounts.Where(a => a.Id.Length == 0).ToLookup(a => a.Name);
        ILookup<string, KeystoneUser> ofName = users.ToLookup(u => u.Name);
        var all = new List<DormantAccount>();
        HashSet<SeenAccount> told = [];
        foreach (KeystoneUser user in users)
        {
            // A log tells the name, and at best the domain: it is this user where it can be no other.
            SeenAccount? of = byId.GetValueOrDefault(user.Id)
                ?? (byName[user.Name].Where(user.MayBe).Take(2).ToArray() is [var one] && ofName[user.Name].Count(u => u.MayBe(one)) == 1
                    ? one : null);
            if (of is not null)
                told.Add(of);
            if (user.IsEnabled && user.InactiveDays >= days && !(of?.LastSuccess > since))
            {
                all.Add(new DormantAccount(
                    user.Name, user.Domain, user.Id, Dormant, user.InactiveDays, of?.LastSuccess, of?.LastFailure,
                    string.Create(CultureInfo.InvariantCulture, $"Keystone says that it was last active {user.InactiveDays:0} days ago")));
            }
        }
        foreach (SeenAccount account in history.Accounts.Where(a => !told.Contains(a) && !(a.LastSuccess > since)))
        {
            string why = account.LastSuccess is { } last
                ? $"its last log-in that was seen is of {EventTime.Format(last)}"
                : $"no log-in was seen since the event log begins, {EventTime.Format(history.Since)}";
            string state = !isHeard ? NotSeen : account.LastSuccess is null ? Never : Quiet;
            all.Add(new DormantAccount(account.Name.Length > 0 ? account.Name : account.Id, account.Domain, account.Id, state, null,
                account.LastSuccess, account.LastFailure, why));
        }
        return new DormantAccounts(successes, note, [.. all.OrderBy(a => Array.IndexOf(s_order, a.State))
            .ThenByDescending(a => a.InactiveDays).ThenBy(a => a.LastSuccess).ThenBy(a => a.Name, StringComparer.Ordinal)]);
    }

    private static (string Successes, string Note) Judge(LoginHistory history, long now)
    {
        if (history.LastSuccess > now - NanosecondsPerDay)
            return ("reported", $"Log-ins that succeed are reported since {EventTime.Format(history.FirstSuccess!.Value)}.");
        if (history.Failures > 0 && history.LastSuccess is null && history.HasAnswers)
        {
            return ("dropped", "Keystone drops log-ins that succeed (notification_opt_out, its default): its access log shows tokens that "
                + "were given, and no event tells of them. Who is listed as not seen may log in every day. Set "
                + "notification_opt_out = identity.authenticate.pending in keystone.conf.");
        }
        return ("unknown", "No log-in that succeeds was reported in the last day: whether Keystone reports them is not known.");
    }
}

/// <summary>An account that has not logged in for long, as far as is known; times are nanoseconds since 1970 UTC.</summary>
internal sealed record DormantAccount(
    string Name, string Domain, string Id, string State, double? InactiveDays, long? LastSuccess, long? LastFailure, string Why);

/// <summary>A user of whom Keystone says when it was active last.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Name">Its name.</param>
/// <param name="Domain">The id of its domain.</param>
/// <param name="IsEnabled">Whether it may log in.</param>
/// <param name="InactiveDays">How long ago it did.</param>
/// <param name="DomainName">The name of its domain; empty where that is not known.</param>
internal sealed record KeystoneUser(string Id, string Name, string Domain, bool IsEnabled, double InactiveDays, string DomainName = "")
{
    /// <summary>Whether an account of this name may be this user, by its domain: a log has its id, its name, or neither.</summary>
    public bool MayBe(SeenAccount account) =>
        !LoginAccount.AreApart(account.Domain, Domain)
        || (DomainName.Length > 0 && !LoginAccount.AreApart(account.Domain, DomainName));
}
