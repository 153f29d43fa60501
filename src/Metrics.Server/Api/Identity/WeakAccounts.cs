using System.Globalization;
using Metrics.Formats.EventJson;

namespace Metrics.Api.Identity;

/// <summary>Accounts whose password should be strengthened.</summary>
/// <param name="All">The accounts, the worst first.</param>
/// <param name="HearsSuccesses">Whether log-ins that succeed are heard of, so that it is known who got in.</param>
/// <param name="IsCut">Whether there were more accounts than are counted, so that some are left out.</param>
internal sealed record WeakAccounts(IReadOnlyList<WeakAccount> All, bool HearsSuccesses, bool IsCut)
{
    /// <summary>What is to be known beside them, for people; empty where that is nothing.</summary>
    public string Note => HearsSuccesses ? "" : "No log-in that succeeds was reported in that time: who got in is not known. Keystone drops "
        + "them by default; set notification_opt_out = identity.authenticate.pending in keystone.conf.";
}

/// <summary>Why a password should be strengthened.</summary>
/// <param name="Word">The reason as a word.</param>
/// <param name="Text">The same for people.</param>
internal sealed record WeakReason(string Word, string Text);

/// <summary>An account whose password should be strengthened; times are nanoseconds since 1970 UTC.</summary>
/// <param name="Name">The account, by name where one is known, else by id.</param>
/// <param name="Id">Its id; empty where none is known.</param>
/// <param name="Count">What is counted of it.</param>
/// <param name="Reasons">Why, the worst first.</param>
internal sealed record WeakAccount(string Name, string Id, AccountCount Count, IReadOnlyList<WeakReason> Reasons) : IComparable<WeakAccount>
{
    private const string Entered = "entered";
    private const string Guessed = "guessed";
    private const string Sprayed = "sprayed";
    private const string Days = "days";
    private const string Expired = "expired";
    private const string OldPassword = "old password";

    /// <summary>From more addresses than an account has: as the rule <c>IdentitySlowGuessing</c> has it.</summary>
    private const int MinOrigins = 10;

    /// <summary>More different passwords than somebody tries who has forgotten which it was.</summary>
    private const int MinPasswords = 10;

    /// <summary>Failures with so few passwords, and so many, are a program's.</summary>
    private const int MaxOfProgram = 2, MinOfProgram = 20;

    private const int MinDays = 3, MinExpired = 5;

    private static readonly string[] s_order = [Entered, Guessed, Sprayed, Days, Expired, OldPassword];

    /// <summary>Judges an account.</summary>
    public static WeakAccount Of(string id, AccountCount count)
    {
        IEnumerable<WeakReason> reasons = ReasonsOf(count, count.Signs).OrderBy(r => Array.IndexOf(s_order, r.Word));
        return new WeakAccount(count.Name.Length > 0 ? count.Name : id, id, count, [.. reasons]);
    }

    /// <summary>The worst first: by its worst reason, then by how many there are, then by failures.</summary>
    public int CompareTo(WeakAccount? other)
    {
        if (other is null)
            return -1;
        int order = Array.IndexOf(s_order, Reasons[0].Word).CompareTo(Array.IndexOf(s_order, other.Reasons[0].Word));
        order = order != 0 ? order : other.Reasons.Count.CompareTo(Reasons.Count);
        order = order != 0 ? order : other.Count.Failures.CompareTo(Count.Failures);
        order = order != 0 ? order : string.CompareOrdinal(Name, other.Name);
        return order != 0 ? order : string.CompareOrdinal(Id, other.Id);
    }

    private static IEnumerable<WeakReason> ReasonsOf(AccountCount count, PasswordSigns signs)
    {
        if (signs.Sprayed > 0)
            yield return Reason(Sprayed, $"{Times(signs.Sprayed)} an address tried it among more than {SprayWatch.MaxTried} accounts");
        if (signs.Expired >= MinExpired)
            yield return Reason(Expired, $"its password has expired, and was tried {signs.Expired} times");
        // The same password again and again is no guessing, from however many machines.
        if (signs.Told >= MinOfProgram && signs.Told * 2 >= count.Failures && signs.Passwords <= MaxOfProgram)
        {
            string few = signs.Passwords == 1 ? "one password" : Text($"{signs.Passwords} passwords");
            yield return Reason(OldPassword, $"{signs.Told} failures with {few}: a program has an old one");
            yield break;
        }
        if (signs.Entered > 0)
        {
            (string times, string last) = (Times(signs.Entered), EventTime.Format(signs.LastEntered));
            yield return Reason(
                Entered, $"{times} somebody got in behind {PasswordSigns.FailuresOfGuessing} failures or more from there, last {last}");
        }
        string many = signs.Passwords >= MinPasswords
            ? Text($", with {signs.Passwords}{(signs.Passwords == PasswordSigns.MaxPasswords ? "+" : "")} different passwords") : "";
        if (many.Length > 0 || count.Others > MinOrigins)
        {
            string from = count is { Others: 1, HasMoreOthers: false } ? "one address"
                : Text($"{count.Others}{(count.HasMoreOthers ? "+" : "")} addresses");
            yield return Reason(Guessed, $"{count.Failures} failures from {from}{many}");
        }
        if (signs.Days >= MinDays)
            yield return Reason(Days, $"it failed on {signs.Days} days, {PasswordSigns.FailuresOfDay} times or more on each");
    }

    private static WeakReason Reason(string word, FormattableString text) => new(word, text.ToString(CultureInfo.InvariantCulture));

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static string Times(long times) => times == 1 ? "once" : Text($"{times} times");
}
