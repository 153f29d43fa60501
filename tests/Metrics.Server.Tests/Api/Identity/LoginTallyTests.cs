using Metrics.Api.Identity;
using Metrics.Model;

namespace Metrics.Tests.Api.Identity;

/// <summary>Outsiders choose names and addresses: what is counted of them is bounded.</summary>
public sealed class LoginTallyTests
{
    [Fact]
    public void Of_too_many_accounts_those_with_the_most_failures_and_real_ones_are_kept()
    {
        var tally = new LoginTally(maxNames: 10);
        tally.Add(Batch(("success", "real", "")));
        for (int i = 0; i < 50; i++)
            tally.Add(Batch(("failure", "ann", ""), ("failure", $"made-up-{i}", "")));
        FailedLogins failed = tally.Failures(limit: 100);
        (failed.Failures, failed.IsCut).Should().Be((100, true));
        (failed.Accounts[0].Name, failed.Accounts[0].Failures).Should().Be(("ann", 50));
        failed.Accounts.Count.Should().BeLessThanOrEqualTo(10);
        tally.History(since: 0, hasAnswers: false).Accounts.Should().Contain(a => a.Name == "real");
    }

    [Fact]
    public void What_has_an_id_alone_is_counted_with_the_name_that_comes_later()
    {
        var tally = new LoginTally();
        tally.Add(Batch(("failure", "", "a1"), ("failure", "ann", "a1"), ("failure", "", "b1")));
        tally.Failures(limit: 10).Accounts.Select(a => (a.Name, a.Id, a.Failures)).Should().Equal(("ann", "a1", 2), ("b1", "b1", 1));
    }

    [Fact]
    public void Accounts_of_one_name_in_two_domains_are_two_and_a_name_alone_is_one_of_them_only_where_its_domain_says_which()
    {
        var tally = new LoginTally();
        tally.Add(Batch(
            new Login("ann", "a1", "default"), new Login("ann", "a2", "sales"), new Login("ann", "", "Sales"), new Login("ann", "", "")));
        tally.Failures(limit: 10).Accounts.Select(a => (a.Name, a.Domain, a.Id, a.Failures)).Should().Equal(
            ("ann", "sales", "a2", 2), ("ann", "", "", 1), ("ann", "default", "a1", 1));
    }

    [Fact]
    public void An_account_that_was_renamed_is_one_by_its_new_name_and_who_has_the_old_name_now_is_another()
    {
        var tally = new LoginTally();
        tally.Add(Batch(
            new Login("ann", "a1", At: 1), new Login("anna", "a1", At: 2), new Login("ann", "a9", At: 3), new Login("anna", "")));
        tally.Failures(limit: 10).Accounts.Select(a => (a.Name, a.Id, a.Failures)).Should().Equal(("anna", "a1", 3), ("ann", "a9", 1));
    }

    [Fact]
    public void An_address_counts_an_account_once_whichever_way_it_is_named()
    {
        var tally = new LoginTally();
        tally.Add(Batch(new Login("ann", "", Origin: "10.0.0.9"), new Login("ann", "a1", Origin: "10.0.0.9")));
        tally.Failures(limit: 10).Origins.Should().ContainSingle().Which.Others.Should().Be(1);
    }

    [Fact]
    public void A_proxy_is_the_origin_of_nothing_and_who_came_by_it_is_told_by_account()
    {
        var tally = new LoginTally();
        for (int n = 0; n < 20; n++)
        {
            tally.Add(Batch(
                new Login($"user-{n}", $"u{n}", Proxy: "10.0.0.4"), new Login("ann", "a1", Origin: "203.0.113.9", Proxy: "10.0.0.4")));
        }
        FailedLogins failed = tally.Failures(limit: 100);
        failed.Origins.Select(o => (o.Name, o.Failures)).Should().Equal(("203.0.113.9", 20));
        failed.Proxies.Select(o => (o.Name, o.Failures, o.Others)).Should().Equal(("10.0.0.4", 20, 20));
        failed.Accounts.Single(a => a.Name == "user-7").Others.Should().Be(0, "nobody says from how many addresses");
        tally.Weak().All.Should().BeEmpty("a proxy sprays nobody");
    }

    [Fact]
    public void Of_one_request_the_record_that_says_from_where_says_it_for_both()
    {
        var tally = new LoginTally();
        tally.Add(Batch(
            new Login("ann", "a1", Request: "req-1", Proxy: "10.0.0.4"),
            new Login("", "", Request: "req-1", Origin: "203.0.113.9", Proxy: "10.0.0.4")));
        FailedLogins failed = tally.Failures(limit: 10);
        failed.Origins.Should().ContainSingle().Which.Name.Should().Be("203.0.113.9");
        failed.Proxies.Should().BeEmpty();
    }

    [Fact]
    public void What_was_only_typed_is_no_account()
    {
        var tally = new LoginTally();
        tally.Add(Batch(
            new Login("admin", "", Reason: "Could not find user: admin."), new Login("typed", "", "Default"), new Login("ann", "a1"),
            new Login("root", "u0", Reason: "Could not find user: root."), new Login("bob", "", "Default", Outcome: "success")));
        tally.History(since: 0, hasAnswers: false).Accounts.Select(a => a.Name).Should().BeEquivalentTo("ann", "bob");
    }

    [Fact]
    public void The_log_begins_with_the_oldest_log_in_also_where_that_was_read_in_later()
    {
        var tally = new LoginTally();
        tally.Add(Batch(new Login("ann", "a1", At: 5), new Login("ann", "a1", At: 3)));
        tally.History(since: 4, hasAnswers: false).Since.Should().Be(3);
        tally.History(since: 2, hasAnswers: false).Since.Should().Be(2);
    }

    [Fact]
    public void Nobody_of_that_name_is_not_the_account_that_has_it_elsewhere()
    {
        var tally = new LoginTally();
        tally.Add(Batch(new Login("ann", "a1"), new Login("ann", "", Reason: "Could not find user: ann.")));
        tally.Failures(limit: 10).Accounts.Select(a => (a.Id, a.Failures)).Should().BeEquivalentTo([("a1", 1L), ("", 1L)]);
    }

    [Theory]
    [InlineData("x a a", "a")]
    [InlineData("a b c", "")]
    [InlineData("a a b b", "")]
    [InlineData("a b c d d d d d", "d")]
    [InlineData("a b c d e f g h h h h h h h h h h h h h h h h h h", "h")]
    [InlineData("a b c d e f", "")]
    public void The_reason_is_that_of_most_or_none(string reasons, string most)
    {
        var tally = new LoginTally();
        tally.Add(Batch([.. reasons.Split(' ').Select(r => new Login("ann", "a1", Reason: r))]));
        tally.Failures(limit: 1).Accounts[0].Reason.Should().Be(most);
    }

    [Fact]
    public void The_reason_of_an_attempt_is_kept_whichever_of_its_records_says_it()
    {
        var tally = new LoginTally();
        tally.Add(Batch(
            new Login("", "a1", Reason: "Invalid password.", Request: "r1"), new Login("ann", "a1", Request: "r1"),
            new Login("bob", "b1", Request: "r2"), new Login("", "b1", Reason: "Locked.", Request: "r2")));
        tally.Failures(limit: 10).Accounts.Select(a => (a.Name, a.Failures, a.Reason)).Should()
            .Equal(("ann", 1, "Invalid password."), ("bob", 1, "Locked."));
    }

    [Fact]
    public void Addresses_beyond_the_bound_of_all_are_not_told_apart_and_that_is_said()
    {
        var tally = new LoginTally(maxOthers: 5);
        tally.Add(Batch([.. Enumerable.Range(0, 10).Select(i => new Login("ann", "a1", Origin: $"10.0.0.{i}"))]));
        FailedLogin ann = tally.Failures(limit: 1).Accounts[0];
        (ann.Failures, ann.HasMoreOthers).Should().Be((10, true));
        ann.Others.Should().BeLessThanOrEqualTo(5);
    }

    [Fact]
    public void A_name_that_is_longer_than_any_of_Keystone_is_cut()
    {
        var tally = new LoginTally();
        tally.Add(Batch(new Login(new string('x', 8_000), "")));
        tally.Failures(limit: 1).Accounts[0].Name.Should().HaveLength(255);
    }

    private sealed record Login(
        string User, string Id, string Domain = "", string Origin = "", string Reason = "", string Outcome = "failure", long At = 1,
        string Request = "", string Proxy = "");

    private static EventBatch Batch(params Login[] attempts)
    {
        var batch = new EventBatch("test");
        foreach (Login one in attempts)
        {
            batch.Add(one.At, one.At, EventKinds.IdentityAuthenticate, 9, "");
            void Add(string field, string value) => batch.AddField(field, value.Length > 0 ? value : null);
            Add(EventFields.Outcome, one.Outcome);
            Add(EventFields.UserName, one.User);
            Add(EventFields.UserId, one.Id);
            Add(EventFields.UserDomain, one.Domain);
            Add(EventFields.SourceIp, one.Origin);
            Add(EventFields.ProxyIp, one.Proxy);
            Add(EventFields.Reason, one.Reason);
            Add(EventFields.RequestId, one.Request);
        }
        return batch;
    }

    private static EventBatch Batch(params (string Outcome, string User, string Id)[] attempts)
    {
        var batch = new EventBatch("test");
        foreach ((string outcome, string user, string id) in attempts)
        {
            batch.Add(1, 1, EventKinds.IdentityAuthenticate, 9, "");
            batch.AddField(EventFields.Outcome, outcome);
            batch.AddField(EventFields.UserName, user.Length > 0 ? user : null);
            batch.AddField(EventFields.UserId, id.Length > 0 ? id : null);
        }
        return batch;
    }
}
