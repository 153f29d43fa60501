using Metrics.Api.Identity;

namespace Metrics.Tests.Api.Identity;

/// <summary>Outsiders choose addresses and names: what is held of who tries which is bounded, and goes when its time is past.</summary>
public sealed class SprayWatchTests
{
    private const long Minute = 60_000_000_000;

    [Fact]
    public void Of_a_time_that_is_past_nothing_is_held()
    {
        var watch = new SprayWatch();
        for (int origin = 0; origin < 1_000; origin++)
            TryMany(watch, origin, SprayWatch.MaxTried, origin * 10 * Minute);
        watch.Held.Should().BeLessThanOrEqualTo(4 * SprayWatch.MaxTried);
        watch.IsCut.Should().BeFalse();
    }

    [Fact]
    public void At_one_time_no_more_than_a_bound_is_held_and_what_is_more_is_said()
    {
        var watch = new SprayWatch(maxHeld: 100);
        for (int origin = 0; origin < 50; origin++)
            TryMany(watch, origin, SprayWatch.MaxTried, 0);
        (watch.Held, watch.IsCut).Should().Be((100, true));
        TryMany(watch, 0, SprayWatch.MaxTried + 1, 10 * Minute).Should().OnlyContain(a => a.Sprayed == 1, "what is past makes room");
    }

    [Fact]
    public void An_address_that_tries_many_is_held_as_one_and_the_next_accounts_are_noted_all_the_same()
    {
        var watch = new SprayWatch(maxHeld: 20);
        TryMany(watch, 7, 1_000, 0).Should().OnlyContain(a => a.Sprayed == 1);
        (watch.Held, watch.IsCut).Should().Be((1, false));
    }

    private static PasswordSigns[] TryMany(SprayWatch watch, int origin, int accounts, long time)
    {
        PasswordSigns[] tried = [.. Enumerable.Range(0, accounts).Select(_ => new PasswordSigns())];
        foreach (PasswordSigns account in tried)
            watch.Try(origin, account, time);
        return tried;
    }
}
