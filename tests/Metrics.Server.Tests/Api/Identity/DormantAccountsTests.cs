using Metrics.Api.Identity;

namespace Metrics.Tests.Api.Identity;

/// <summary>Which account of a log that has names alone is which user of Keystone's.</summary>
public sealed class DormantAccountsTests
{
    private const long Day = 86_400_000_000_000;
    private const long Now = 1_000 * Day;

    [Fact]
    public void A_log_in_of_somebody_of_that_name_in_another_domain_is_not_the_users()
    {
        Of([new SeenAccount("ann", "Sales", "", Now - 1, null)], new KeystoneUser("a1", "ann", "default", true, 200))
            .Should().Equal(("ann", "dormant"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Default")]
    [InlineData("default")]
    public void A_log_in_of_that_name_without_a_domain_or_in_the_same_is_the_users(string domain)
    {
        Of([new SeenAccount("ann", domain, "", Now - 1, null)], new KeystoneUser("a1", "ann", "default", true, 200)).Should().BeEmpty();
    }

    [Fact]
    public void A_domain_may_be_said_by_its_name_where_that_is_known()
    {
        Of([new SeenAccount("ann", "Sales", "", Now - 1, null)], new KeystoneUser("a1", "ann", "4f2e", true, 200, "sales"))
            .Should().BeEmpty();
    }

    [Fact]
    public void Of_two_users_of_one_name_the_domain_says_which_has_logged_in()
    {
        Of([new SeenAccount("ann", "default", "", Now - 1, null)],
            new KeystoneUser("a1", "ann", "default", true, 200), new KeystoneUser("a2", "ann", "sales", true, 100))
            .Should().Equal(("ann", "dormant"));
        Of([new SeenAccount("ann", "", "", Now - 1, null)],
            new KeystoneUser("a1", "ann", "default", true, 200), new KeystoneUser("a2", "ann", "sales", true, 100))
            .Should().Equal([("ann", "dormant"), ("ann", "dormant")], "nothing says whose it was");
    }

    private static IEnumerable<(string Name, string State)> Of(IReadOnlyList<SeenAccount> seen, params KeystoneUser[] users) =>
        DormantAccounts.Of(new LoginHistory(0, 0, Now - (200 * Day), Now - 1, false, false, seen), users, 90, Now).All
            .Select(a => (a.Name, a.State));
}
