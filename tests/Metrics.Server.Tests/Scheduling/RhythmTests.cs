using Metrics.Scheduling;

namespace Metrics.Tests.Scheduling;

public sealed class RhythmTests
{
    private static readonly DateTimeOffset s_now = new(2026, 11, 26, 12, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(15);

    [Fact]
    public void First_runs_are_spread_over_the_interval()
    {
        double[] first = [.. Enumerable.Range(0, 1000).Select(i => Rhythm.Of($"job host-{i}:9100", s_interval, s_now).First.TotalSeconds)];
        first.Should().OnlyContain(o => o >= 0 && o <= 15);
        for (int bucket = 0; bucket < 15; bucket++)
            first.Count(o => o >= bucket && o < bucket + 1).Should().BeInRange(20, 150);
    }

    [Fact]
    public void A_restart_keeps_the_rhythm()
    {
        DateTimeOffset before = s_now + Rhythm.Of("node a", s_interval, s_now).First;
        DateTimeOffset restarted = s_now + TimeSpan.FromMilliseconds(3_605_123);
        DateTimeOffset after = restarted + Rhythm.Of("node a", s_interval, restarted).First;
        ((after - before).Ticks % s_interval.Ticks).Should().Be(0);
        (after - restarted).Should().BeLessThanOrEqualTo(s_interval);
    }

    [Fact]
    public void However_long_the_interval_the_first_run_comes_soon_and_the_rhythm_follows()
    {
        for (int i = 0; i < 200; i++)
        {
            var rhythm = Rhythm.Of($"quota {i}", TimeSpan.FromHours(1), s_now);
            rhythm.First.Should().BeLessThanOrEqualTo(TimeSpan.FromSeconds(15));
            rhythm.Regular.Should().BeLessThanOrEqualTo(TimeSpan.FromHours(1)).And.BeGreaterThanOrEqualTo(rhythm.First);
        }
    }
}
