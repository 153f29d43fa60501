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
    public void An_office_that_finds_its_accounts_locked_has_sprayed_none_of_them()
    {
        for (int person = 0; person < 60; person++)
            Fail($"person-{person}", "192.0.2.1", 2, s_second, reason: $"The account is locked for user: person-{person}.");
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
    public void An_address_that_tries_many_is_counted_once_a_time_also_where_another_does_so_in_turn()
    {
        string[] origins = ["203.0.113.7", "203.0.113.8"];
        for (int account = 0; account < 16; account++)
            Fail($"user-{account}", origins[0], 1, s_second, account * s_second);
        for (int account = 0; account < 16; account++)
            Fail($"user-{account}", origins[1], 1, s_second, (20 + account) * s_second);
        for (int turn = 0; turn < 20; turn++)
            Fail("user-0", origins[turn % 2], 1, s_second, (60 + turn) * s_second);
        Fail("user-0", origins[0], 1, s_second, TimeSpan.FromMinutes(11));
        Sprayed("user-0").Should().StartWith("2 times ");
    }

    [Fact]
    public void Addresses_that_try_many_are_counted_up_to_a_bound_at_one_time_and_again_in_the_next()
    {
        for (int time = 0; time < 2; time++)
        {
            for (int turn = 0; turn < 2; turn++)
            {
                for (int origin = 0; origin < 40; origin++)
                {
                    for (int account = 0; account < 16; account++)
                        Fail($"user-{account}", $"203.0.113.{origin}", 1, s_second, TimeSpan.FromMinutes(10 * time));
                }
            }
        }
        Sprayed("user-0").Should().StartWith($"{2 * PasswordSigns.MaxSprayers} times ");
    }

    [Fact]
    public void Who_tries_many_is_found_also_where_another_source_tells_of_a_time_that_is_past()
    {
        for (int account = 0; account < 16; account++)
        {
            Fail($"new-{account}", "203.0.113.7", 1, s_second, TimeSpan.FromMinutes(21) + (account * s_second));
            Fail($"old-{account}", "203.0.113.8", 1, s_second, account * s_second);
        }
        Told().Should().HaveCount(32);
    }

    [Theory]
    [InlineData("")]
    [InlineData("Default")]
    public void Failures_that_a_log_tells_by_name_and_a_success_with_an_id_are_a_guess_that_was_right(string domain)
    {
        Fail("ann", "203.0.113.7", 5, s_second, id: "", domain: domain);
        Fail("ann", "203.0.113.7", 3, s_second, 5 * s_second);
        Add("ann", "203.0.113.7", 10 * s_second, "success", domain: "default");
        Told().Should().Equal("ann: entered");
    }

    [Theory]
    [InlineData("203.0.113.8", "default", 10, "")]
    [InlineData("203.0.113.7", "sales", 10, "")]
    [InlineData("203.0.113.7", "default", 10_000, "")]
    [InlineData("203.0.113.7", "default", 10, "Could not find user: ann.")]
    public void Failures_by_name_are_no_guess_of_who_gets_in_from_elsewhere_or_in_another_domain_or_much_later_or_of_nobody(
        string origin, string domain, int seconds, string reason)
    {
        Fail("ann", "203.0.113.7", 8, s_second, reason: reason, id: "", domain: "default");
        Add("ann", origin, seconds * s_second, "success", domain: domain);
        Told().Should().BeEmpty();
    }

    [Fact]
    public void Whether_successes_are_heard_of_is_said()
    {
        Fail("ann", "10.0.0.1", 1, s_second);
        Weak().HearsSuccesses.Should().BeFalse();
        Weak().Note.Should().Contain("who got in is not known").And.Contain("notification_opt_out = identity.authenticate.pending");
        Add("bob", "10.0.0.2", s_second, "success");
        Weak().HearsSuccesses.Should().BeTrue();
        Weak().Note.Should().BeEmpty();
    }

    private void Fail(
        string user, string origin, int times, TimeSpan every, TimeSpan begin = default, string reason = "",
        Func<int, string>? fingerprint = null, string? id = null, string domain = "")
    {
        for (int n = 0; n < times; n++)
            Add(user, origin, begin + (n * every), "failure", reason, fingerprint?.Invoke(n) ?? "", id, domain);
    }

    private void Add(
        string user, string origin, TimeSpan at, string outcome, string reason = "", string fingerprint = "", string? id = null,
        string domain = "")
    {
        long time = (TimeSpan.FromDays(20_000) + at).Ticks * TimeSpan.NanosecondsPerTick;
        bool isLocked = reason.StartsWith("The account is locked", StringComparison.Ordinal);
        _batch.Add(time, time, isLocked ? EventKinds.IdentityLockout : EventKinds.IdentityAuthenticate, 9, "");
        Set(EventFields.Outcome, outcome);
        Set(EventFields.UserName, user);
        Set(EventFields.UserId, id ?? user);
        Set(EventFields.UserDomain, domain);
        Set(EventFields.SourceIp, origin);
        Set(EventFields.Reason, reason);
        Set(EventFields.Fingerprint, fingerprint);

        void Set(string field, string value) => _batch.AddField(field, value.Length > 0 ? value : null);
    }

    private IEnumerable<string> Told() => Weak().All.Select(a => $"{a.Name}: {string.Join(", ", a.Reasons.Select(r => r.Word))}");

    private string Sprayed(string user) =>
        Weak().All.Single(a => a.Name == user).Reasons.Single(r => r.Word == "sprayed").Text;

    private WeakAccounts Weak()
    {
        var tally = new LoginTally();
        tally.Add(_batch);
        return tally.Weak();
    }
}
