using Metrics.Scheduling;

namespace Metrics.Tests.Scheduling;

/// <summary>A clock that jumps does not take the daemon's along.</summary>
public sealed class SteadyClockTests
{
    private static readonly DateTimeOffset s_start = new(2026, 11, 26, 12, 0, 0, TimeSpan.Zero);

    private readonly SystemClock _system = new() { Wall = s_start };
    private readonly SteadyClock _clock;

    public SteadyClockTests() => _clock = new SteadyClock(_system);

    [Fact]
    public void While_all_is_well_it_is_the_systems()
    {
        Pass(10);
        _system.Wall += TimeSpan.FromSeconds(1.5);
        _clock.GetUtcNow().Should().Be(_system.Wall, "what NTP does day by day is followed");
        _system.Wall -= TimeSpan.FromSeconds(1.5);
        _clock.GetUtcNow().Should().Be(_system.Wall);
        (_clock.JumpsForward, _clock.JumpsBack, _clock.Ahead).Should().Be((0, 0, TimeSpan.Zero));
    }

    [Fact]
    public void Set_back_by_an_hour_it_goes_on_and_is_approached_slowly()
    {
        Pass(10);
        _system.Wall -= TimeSpan.FromHours(1);
        Seconds().Should().Be(10);
        Pass(200);
        Seconds().Should().Be(200, "a twentieth is held back");
        _clock.JumpsBack.Should().Be(1);
        _clock.Ahead.Should().Be(TimeSpan.FromSeconds(3590));
        for (int hour = 0; hour < 21; hour++)
            Pass(3600);
        _clock.GetUtcNow().Should().Be(_system.Wall);
        _clock.Ahead.Should().Be(TimeSpan.Zero);
    }

    [Fact]
    public void Set_back_and_mended_all_is_as_if_nothing_had_been()
    {
        _system.Wall -= TimeSpan.FromHours(1);
        Pass(2);
        _system.Wall += TimeSpan.FromHours(1);
        Pass(60);
        _clock.GetUtcNow().Should().Be(_system.Wall);
        (_clock.JumpsForward, _clock.JumpsBack).Should().Be((0, 1));
        SteadyClock.SettledAt(_clock).Should().Be(DateTimeOffset.UnixEpoch, "nothing was followed");
    }

    [Fact]
    public void Set_forward_it_is_followed_when_it_stays_and_rules_rest_until_targets_were_polled()
    {
        _system.Wall += TimeSpan.FromHours(1);
        Seconds().Should().Be(0);
        Pass(599);
        Seconds().Should().Be(599);
        Pass(1);
        _clock.GetUtcNow().Should().Be(_system.Wall);
        SteadyClock.SettledAt(_clock).Should().Be(_system.Wall + SteadyClock.SettleFor);
        SteadyClock.IsTrusted(_clock).Should().BeFalse("nothing is thrown away for what may be wrong");
        Pass(90_000);
        SteadyClock.IsTrusted(_clock).Should().BeTrue();
        SteadyClock.SettledAt(_system).Should().Be(DateTimeOffset.UnixEpoch, "another clock never jumps");
    }

    [Fact]
    public void Set_forward_and_back_again_it_never_moved()
    {
        _system.Wall += TimeSpan.FromHours(1);
        Pass(300);
        _system.Wall -= TimeSpan.FromHours(1);
        _clock.GetUtcNow().Should().Be(_system.Wall);
        _clock.Ahead.Should().Be(TimeSpan.Zero);
    }

    [Fact]
    public void It_never_goes_back_by_more_than_it_follows()
    {
        var random = new Random(7);
        DateTimeOffset before = _clock.GetUtcNow();
        for (int i = 0; i < 10_000; i++)
        {
            if (random.Next(20) == 0)
                _system.Wall += TimeSpan.FromSeconds(random.Next(-7200, 7200));
            Pass(random.Next(30));
            DateTimeOffset now = _clock.GetUtcNow();
            now.Should().BeOnOrAfter(before - SteadyClock.Tolerance);
            before = now;
        }
    }

    private double Seconds() => (_clock.GetUtcNow() - s_start).TotalSeconds;

    private void Pass(int seconds)
    {
        for (int i = 0; i < seconds; i++)
        {
            _system.Pass(TimeSpan.FromSeconds(1));
            _clock.GetUtcNow();
        }
    }

    /// <summary>A system whose clock somebody sets.</summary>
    private sealed class SystemClock : TimeProvider
    {
        private long _elapsed;

        public DateTimeOffset Wall { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _elapsed;

        public override DateTimeOffset GetUtcNow() => Wall;

        public void Pass(TimeSpan time) => (_elapsed, Wall) = (_elapsed + time.Ticks, Wall + time);
    }
}
