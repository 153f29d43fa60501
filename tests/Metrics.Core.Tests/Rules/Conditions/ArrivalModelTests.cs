using Metrics.Rules.Conditions;

namespace Metrics.Tests.Rules.Conditions;

public sealed class ArrivalModelTests
{
    private const long Hour = 3_600_000;
    private const long Monday = 1_699_833_600_000;   // 2023-11-13 00:00 UTC

    [Fact]
    public void A_quiet_night_is_usual_and_half_the_rate_by_day_is_not()
    {
        ArrivalModel model = Taught(4, (hour, _) => hour % 24 is >= 8 and < 18 ? 600 : 1);
        long noon = Monday + (4 * 168 * Hour) + (12 * Hour), night = Monday + (4 * 168 * Hour) + (3 * Hour);
        model.Probability(night, 0).Should().BeGreaterThan(0.2);
        model.Probability(noon, 590).Should().BeGreaterThan(0.2);
        model.Probability(noon, 300).Should().BeLessThan(1e-6, "half of the usual rate by day");
        model.Probability(noon, 0).Should().BeLessThan(1e-12);
        model.Expected(noon).Should().BeApproximately(600, 1);
        model.Expected(night).Should().BeApproximately(1, 0.1);
    }

    [Fact]
    public async Task What_comes_by_the_thousand_million_takes_no_longer_to_judge()
    {
        var random = new Random(1);
        ArrivalModel model = Taught(4, (_, _) => 1e9 * (1 + (random.NextDouble() / 10)));
        long later = Monday + (4 * 168 * Hour) + Hour;
        double[] counts = [0, 3e8, 1e9, 1e18, double.MaxValue];
        double[] judged = await Task.Run(() => counts.Select(c => model.Probability(later, c)).ToArray())
            .WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System, TestContext.Current.CancellationToken);
        judged[..2].Should().OnlyContain(p => p < 1e-6, "less than half");
        judged[2..].Should().OnlyContain(p => p > 0.05);
    }

    [Fact]
    public void What_comes_in_bursts_is_given_more_room()
    {
        var random = new Random(1);
        ArrivalModel steady = Taught(4, (_, _) => 20), bursts = Taught(4, (_, _) => random.Next(5) == 0 ? 100 : 0);
        long later = Monday + (4 * 168 * Hour) + Hour;
        steady.Probability(later, 0).Should().BeLessThan(1e-4);
        bursts.Probability(later, 0).Should().BeGreaterThan(0.05, "most windows are empty");
    }

    [Fact]
    public void What_speaks_rarely_is_silent_when_it_was_so_for_longer_than_ever_and_the_sooner_the_more_regular_it_is()
    {
        // Something every tenth window: at the end nine are empty.
        SilentAfter(i => i % 10 == 0).Should().BeInRange(6, 12, "two of its times have passed then");
        var random = new Random(1);
        SilentAfter(_ => random.Next(10) == 0).Should().BeInRange(40, 200, "by chance it has been silent for long before");
    }

    /// <summary>After how many more windows it is silent; what comes then is the end of it.</summary>
    private static int SilentAfter(Func<int, bool> comes)
    {
        var model = new ArrivalModel();
        long at = Monday;
        for (int i = 0; i < 2000; i++)
            model.Take(at += Hour / 6, comes(i) ? 1 : 0);
        int windows = 0;
        while (model.Probability(at + (Hour / 6), 0) > 0.001)
        {
            model.Take(at += Hour / 6, 0, learn: false);
            windows++;
        }
        model.Take(at += Hour / 6, 1, learn: false);
        model.Probability(at + (Hour / 6), 0).Should().BeGreaterThan(0.1, "it is back");
        return windows;
    }

    [Fact]
    public void While_little_is_known_little_is_said()
    {
        var model = new ArrivalModel();
        model.Probability(Monday, 0).Should().Be(1);
        model.Take(Monday, 3);
        model.Probability(Monday + Hour, 0).Should().BeGreaterThan(0.05);
        new ArrivalModel().Expected(Monday).Should().Be(0);
    }

    [Fact]
    public void It_follows_a_cloud_that_changes()
    {
        ArrivalModel model = Taught(4, (_, _) => 1000);
        for (int week = 4; week < 14; week++)
        {
            for (int i = 0; i < 168; i++)
                model.Take(Monday + (((week * 168) + i + 1) * Hour), 100);
        }
        model.Probability(Monday + (14 * 168 * Hour) + Hour, 100).Should().BeGreaterThan(0.1);
        model.Expected(Monday + (14 * 168 * Hour) + Hour).Should().BeLessThan(300, "it was a thousand");
    }

    [Fact]
    public void It_survives_being_written_down()
    {
        ArrivalModel model = Taught(2, (hour, _) => hour);
        ArrivalModel read = ArrivalModel.FromBytes(model.ToBytes());
        long at = Monday + (2 * 168 * Hour) + (50 * Hour);
        (read.Windows, read.Expected(at), read.Probability(at, 20)).Should()
            .Be((model.Windows, model.Expected(at), model.Probability(at, 20)));
        ArrivalModel.FromBytes([1, 2, 3]).Windows.Should().Be(0);
        byte[] broken = model.ToBytes();
        for (int i = 8; i < broken.Length; i++)
            broken[i] = 0xFF;
        ArrivalModel.FromBytes(broken).Windows.Should().Be(0);
        for (int length = 0; length < broken.Length; length++)
            ArrivalModel.FromBytes(broken.AsSpan(0, length)).Windows.Should().Be(0);
    }

    [Fact]
    public void False_alarms_stay_within_what_the_rule_allows()
    {
        var random = new Random(7);
        ArrivalModel model = Taught(4, (_, _) => Poisson(random, 12));
        int alarms = 0, windows = 20_000;
        for (int i = 0; i < windows; i++)
            alarms += model.Probability(Monday + (4 * 168 * Hour) + ((i % 168) * Hour) + 1, Poisson(random, 12)) < 0.001 ? 1 : 0;
        alarms.Should().BeLessThanOrEqualTo(windows / 1000 * 2);
    }

    private static ArrivalModel Taught(int weeks, Func<int, int, double> count)
    {
        var model = new ArrivalModel();
        for (int week = 0; week < weeks; week++)
        {
            for (int hour = 0; hour < 168; hour++)
            {
                // Six windows of ten minutes.
                for (int part = 1; part <= 6; part++)
                    model.Take(Monday + (((week * 168) + hour) * Hour) + (part * Hour / 6), count(hour, part));
            }
        }
        return model;
    }

    private static int Poisson(Random random, double mean)
    {
        double limit = Math.Exp(-mean), product = random.NextDouble();
        int n = 0;
        while (product > limit)
        {
            product *= random.NextDouble();
            n++;
        }
        return n;
    }
}
