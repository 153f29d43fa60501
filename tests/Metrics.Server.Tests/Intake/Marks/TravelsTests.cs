using Metrics.Intake.Marks;

namespace Metrics.Tests.Intake.Marks;

public sealed class TravelsTests
{
    private const string Berlin = "52.52,13.405", Hamburg = "53.55,9.99", Lisbon = "38.722,-9.139", Tokyo = "35.69,139.69";

    private const long Minute = 60_000_000_000;

    [Theory]
    [InlineData("DE", Berlin, "JP", Tokyo, 60, true)]
    [InlineData("DE", Berlin, "JP", Tokyo, 13 * 60, false, "an aeroplane takes that long")]
    [InlineData("DE", Berlin, "DE", Hamburg, 0, false, "a database does not know places so well")]
    [InlineData("DE", Berlin, "PT", Lisbon, 60, true)]
    [InlineData("DE", Berlin, "PT", Lisbon, 150, false)]
    [InlineData("US", "20,-179", "US", "20,179", 0, false, "it is near, across the date line")]
    [InlineData("DE", null, "FR", null, 59, true)]
    [InlineData("DE", null, "FR", null, 61, false)]
    [InlineData("DE", null, "DE", null, 0, false)]
    [InlineData("DE", Berlin, "JP", null, 30, true)]
    [InlineData("DE", "garbage", "JP", "NaN,7", 61, false)]
    [InlineData("DE", Berlin, "JP", Tokyo, -60, true, "lines come in any order")]
    public void What_nobody_reaches_in_the_time_is_impossible(
        string from, string? place, string to, string? otherPlace, int minutes, bool isImpossible, string why = "")
    {
        var travels = new Travels();
        travels.IsImpossible("ann", 0, from, place).Should().BeFalse();
        travels.IsImpossible("bob", minutes * Minute, to, otherPlace).Should().BeFalse("it is another account");
        travels.IsImpossible("ann", minutes * Minute, to, otherPlace).Should().Be(isImpossible, why);
    }

    [Fact]
    public void A_log_in_that_is_heard_of_late_does_not_stand_in_the_place_of_the_last()
    {
        var travels = new Travels();
        travels.IsImpossible("ann", 600 * Minute, "DE", Berlin);
        travels.IsImpossible("ann", -600 * Minute, "JP", Tokyo).Should().BeFalse();
        travels.IsImpossible("ann", 610 * Minute, "DE", Berlin).Should().BeFalse();
    }

    [Fact]
    public void Of_a_million_accounts_the_last_are_remembered()
    {
        var travels = new Travels(maxAccounts: 10);
        for (int n = 0; n < 1_000; n++)
            travels.IsImpossible($"account-{n}", n, "DE", Berlin);
        Enumerable.Range(0, 1_000).Count(n => travels.IsImpossible($"account-{999 - n}", 1_000, "JP", Tokyo)).Should().BeInRange(5, 10);
    }
}
