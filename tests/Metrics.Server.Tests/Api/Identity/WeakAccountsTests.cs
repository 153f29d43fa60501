using Metrics.Api.Identity;
using Metrics.Model;

namespace Metrics.Tests.Api.Identity;

/// <summary>Whose password should be strengthened is told by what happened to it, the worst first; who mistypes is not told.</summary>
public sealed class WeakAccountsTests
{
    private static readonly TimeSpan s_second = TimeSpan.FromSeconds(1);

    private readonly EventBatch _batch = new("test");

    [Fact]
    public void Each_reason_is_told_of_the_account_that_has_it_and_the_worst_come_first()
    {
        Fail("expired", "10.0.0.1", 5, TimeSpan.FromHours(1), reason: "The password is expired and needs to be changed for user: expired.");
        for (int day = 0; day < 3; day++)
            Fail("daily", "10.0.0.2", 3, s_second, TimeSpan.FromDays(day));
        for (int account = 0; account < 16; account++)
            Fail($"sprayed-{account}", "203.0.113.7", 1, s_second, account * s_second);
        for (int origin = 0; origin < 11; origin++)
            Fail("guessed", $"198.51.100.{origin}", 2, s_second, TimeSpan.FromHours(origin));
        Fail("entered", "203.0.113.8", 8, s_second);
        Add("entered", "203.0.113.8", 10 * s_second, "success");
        Fail("old", "10.0.0.3", 20, TimeSpan.FromMinutes(1), fingerprint: _ => "z4Eya");
        Fail("many", "10.0.0.4", 20, s_second, fingerprint: n => $"pw{n}");
        Told().Should().Equal(
            [
                "entered: entered", "guessed: guessed", "many: guessed",
                .. Enumerable.Range(0, 16).Select(n => $"sprayed-{n}").Order(StringComparer.Ordinal).Select(n => $"{n}: sprayed"),
                "daily: days", "expired: expired", "old: old password",
            ]);
    }

    [Fact]
    public void Who_mistypes_and_gets_in_and_an_office_behind_one_address_are_not_told()
    {
        for (int person = 0; person < 60; person++)
        {
            TimeSpan at = TimeSpan.FromMinutes(person);
            Fail($"person-{person}", "192.0.2.1", 4, s_second, at);
            Add($"person-{person}", "192.0.2.1", at + (5 * s_second), "success");
        }
        // From elsewhere, and the job fails on: nobody has guessed.
        Fail("nova", "10.0.0.9", 100, TimeSpan.FromMinutes(1));
        Add("nova", "10.0.0.10", TimeSpan.FromMinutes(101), "success");
        Told().Should().BeEmpty();
    }

    [Fact]
    public void The_same_wrong_password_from_many_machines_is_a_program_and_many_passwords_from_one_are_guessing()
    {
        for (int machine = 0; machine < 50; machine++)
            Fail("nova", $"10.0.0.{machine}", 3, TimeSpan.FromDays(1), fingerprint: _ => "z4Eya");
        Fail("ann", "203.0.113.7", 30, s_second, fingerprint: n => $"pw{n}");
        Weak().All.Select(a => $"{a.Name}: {string.Join("; ", a.Reasons.Select(r => r.Text))}").Should().Equal(
            "ann: 30 failures from one address, with 30 different passwords",
            "nova: 150 failures with one password: a program has an old one");
    }

    [Fact]
    public void Several_reasons_of_one_account_are_told_with_the_worst_first()
    {
        for (int origin = 0; origin < 12; origin++)
            Fail("ann", $"198.51.100.{origin}", 8, s_second, TimeSpan.FromDays(origin));
        Add("ann", "198.51.100.11", TimeSpan.FromDays(11) + (9 * s_second), "success");
        WeakAccount ann = Weak().All.Should().ContainSingle().Subject;
        ann.Reasons.Select(r => r.Word).Should().Equal("entered", "guessed", "days");
        ann.Reasons[1].Text.Should().Be("96 failures from 12 addresses");
    }

    [Fact]
    public void What_was_only_typed_is_no_account_and_what_a_log_tells_by_name_counts_for_the_account_of_that_name()
    {
        for (int origin = 0; origin < 12; origin++)
        {
            Fail("typed", $"198.51.100.{origin}", 2, s_second, id: "");
            Fail("ann", $"198.51.100.{origin}", 2, s_second, id: origin < 6 ? "" : "ann");
        }
        Weak().All.Select(a => $"{a.Name} {a.Reasons[0].Text}").Should().Equal("ann 24 failures from 12 addresses");
    }

    [Fact]
    public void Whether_successes_are_heard_of_is_said()
    {
        Fail("ann", "10.0.0.1", 1, s_second);
        Weak().HearsSuccesses.Should().BeFalse();
        Add("bob", "10.0.0.2", s_second, "success");
        Weak().HearsSuccesses.Should().BeTrue();
    }

    private void Fail(
        string user, string origin, int times, TimeSpan every, TimeSpan begin = default, string reason = "",
        Func<int, string>? fingerprint = null, string? id = null)
    {
        for (int n = 0; n < times; n++)
            Add(user, origin, begin + (n * every), "failure", reason, fingerprint?.Invoke(n) ?? "", id);
    }

    private void Add(
        string user, string origin, TimeSpan at, string outcome, string reason = "", string fingerprint = "", string? id = null)
    {
        long time = (TimeSpan.FromDays(20_000) + at).Ticks * TimeSpan.NanosecondsPerTick;
        _batch.Add(time, time, EventKinds.IdentityAuthenticate, 9, "");
        Set(EventFields.Outcome, outcome);
        Set(EventFields.UserName, user);
        Set(EventFields.UserId, id ?? user);
        Set(EventFields.SourceIp, origin);
        Set(EventFields.Reason, reason);
        Set(EventFields.Fingerprint, fingerprint);

        void Set(string field, string value) => _batch.AddField(field, value.Length > 0 ? value : null);
    }

    private IEnumerable<string> Told() => Weak().All.Select(a => $"{a.Name}: {string.Join(", ", a.Reasons.Select(r => r.Word))}");

    private WeakAccounts Weak()
    {
        var tally = new LoginTally();
        tally.Add(_batch);
        return tally.Weak();
    }
}
