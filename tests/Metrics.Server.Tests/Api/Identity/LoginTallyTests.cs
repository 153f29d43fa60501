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
