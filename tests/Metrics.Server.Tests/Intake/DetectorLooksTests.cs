using Metrics.Intake;
using Metrics.Model;
using Metrics.Storage;
using Metrics.Telemetry;
using Microsoft.Extensions.Time.Testing;

namespace Metrics.Tests.Intake;

/// <summary>When scanners have looked, and how often they do.</summary>
public sealed class DetectorLooksTests
{
    private static readonly DateTimeOffset s_monday = new(2026, 11, 2, 6, 25, 0, TimeSpan.Zero);

    private FakeTimeProvider _time = new(s_monday);
    private readonly Dictionary<string, string> _stored = [];
    private DetectorLooks _looks;

    public DetectorLooksTests() => _looks = NewLooks();

    [Fact]
    public void A_daily_scanner_has_a_pause_of_a_day_once_two_weekends_were_seen()
    {
        LookDaily(days: 12);
        PauseOf("aide").Should().BeNull("two weekends are not through");
        LookDaily(days: 1);
        PauseOf("aide").Should().Be(86_400);
        LastOf("aide").Should().Be(s_monday.AddDays(12).ToUnixTimeSeconds());
    }

    [Fact]
    public void One_that_rests_at_weekends_pauses_for_them()
    {
        for (int day = 0; day < 21; day++)
        {
            bool isWorkingDay = s_monday.AddDays(day).DayOfWeek is not (DayOfWeek.Saturday or DayOfWeek.Sunday);
            if (isWorkingDay)
                Look("aide");
            (PauseOf("aide") is null or 3 * 86_400).Should().BeTrue("a weekend is usual, on day {0}", day);
            _time.Advance(TimeSpan.FromDays(1));
        }
        PauseOf("aide").Should().Be(3 * 86_400);
    }

    [Fact]
    public void One_day_on_which_its_machine_was_down_is_not_usual()
    {
        LookDaily(days: 10);
        _time.Advance(TimeSpan.FromDays(1));
        LookDaily(days: 5);
        PauseOf("aide").Should().Be(86_400);
    }

    [Fact]
    public void A_weekly_one_has_a_week_and_one_by_hand_has_no_rhythm()
    {
        foreach (int days in (int[])[0, 1, 6, 3, 11])
        {
            _time.Advance(TimeSpan.FromDays(days));
            Look("clamav");
        }
        PauseOf("clamav").Should().BeNull();
        for (int week = 0; week < 3; week++)
        {
            Look("tripwire");
            _time.Advance(TimeSpan.FromDays(7));
        }
        PauseOf("tripwire").Should().Be(7 * 86_400);
    }

    [Fact]
    public void One_that_looks_as_often_as_looks_are_told_apart_has_a_rhythm_too()
    {
        for (int look = 0; look < 400; look++)
        {
            Look("rkhunter");
            _time.Advance(TimeSpan.FromSeconds(50 * 60 + 1));
        }
        PauseOf("rkhunter").Should().Be(50 * 60 + 1);
    }

    [Fact]
    public void What_a_scanner_says_of_one_look_in_several_places_is_one_look()
    {
        for (int day = 0; day < 14; day++)
        {
            Look("freshclam");
            _time.Advance(TimeSpan.FromMinutes(1));
            Look("freshclam");
            _time.Advance(TimeSpan.FromDays(1) - TimeSpan.FromMinutes(1));
        }
        PauseOf("freshclam").Should().Be(86_400);
    }

    [Fact]
    public void A_restart_forgets_nothing_and_junk_in_the_store_goes()
    {
        LookDaily(days: 14);
        _stored["junk"] = "[1";
        _stored["[\"a\",\"b\"]"] = "{\"Looks\":[5,3]}";
        _stored["[\"a\",\"c\"]"] = "{\"Looks\":null}";
        Restart();
        (LastOf("aide"), PauseOf("aide")).Should().Be((s_monday.AddDays(13).ToUnixTimeSeconds(), 86_400));
        Look("other");
        _stored.Should().HaveCount(2).And.NotContainKey("junk");
    }

    [Fact]
    public void What_could_not_be_stored_is_learned_when_it_comes_again()
    {
        var commit = new CommitSource();
        Look("aide", commit);
        _stored.Clear();
        commit.Fail(new StoreException("full"));
        LastOf("aide").Should().BeNull();
        Look("aide");
        Restart();
        LastOf("aide").Should().Be(s_monday.ToUnixTimeSeconds());
    }

    [Fact]
    public void Names_that_outsiders_make_up_are_bounded()
    {
        for (int i = 0; i < DetectorLooks.MaxKnown + 10; i++)
            Look($"made-up-{i}");
        Look(new string('x', LogCounts.MaxNameLength + 1));
        _looks.Series().Should().HaveCount(DetectorLooks.MaxKnown);
    }

    [Fact]
    public void A_time_that_has_not_come_is_not_believed()
    {
        Look("aide", ahead: TimeSpan.FromDays(300));
        LastOf("aide").Should().Be(s_monday.ToUnixTimeSeconds());
    }

    [Fact]
    public void A_look_of_when_our_own_clock_was_ahead_hides_nothing_once_it_is_right()
    {
        LookDaily(days: 13);
        DateTimeOffset now = _time.GetUtcNow();
        _time = new FakeTimeProvider(now.AddYears(4));
        Restart();
        Look("aide");
        _time = new FakeTimeProvider(now);
        Restart();
        LastOf("aide").Should().Be(now.AddDays(-1).ToUnixTimeSeconds());
        Look("aide");
        Restart();
        LastOf("aide").Should().Be(now.ToUnixTimeSeconds(), "it is noted again");
    }

    [Fact]
    public void One_that_has_not_looked_for_35_days_is_forgotten_while_others_look()
    {
        Look("gone");
        for (int day = 0; day < 36; day++)
        {
            _time.Advance(TimeSpan.FromDays(1));
            Look("aide");
        }
        LastOf("gone").Should().BeNull();
        Look("aide");
        _stored.Keys.Should().ContainSingle(k => k.Contains("aide"));
    }

    private void LookDaily(int days)
    {
        for (int day = 0; day < days; day++)
        {
            Look("aide");
            _time.Advance(TimeSpan.FromDays(1));
        }
    }

    private void Look(string detector, CommitSource? commit = null, TimeSpan ahead = default)
    {
        long now = (_time.GetUtcNow() + ahead).ToUnixTimeMilliseconds() * 1_000_000;
        using var batch = new EventBatch("test");
        batch.Add(new Event
        {
            Id = 1, Time = now, ObservedTime = now, Kind = "log", SeverityNumber = 0, Body = "End",
            Fields = [new(EventFields.Host, "ctl-1"), new(EventFields.ObserverName, detector), new(EventFields.ScanState, "finished")],
        });
        _looks.Take(new EventWork(batch, commit));
        foreach (SourcePosition position in batch.Positions)
        {
            if (position.State is null)
                _stored.Remove(position.Key);
            else
                _stored[position.Key] = position.State;
        }
    }

    private double? LastOf(string detector) => ValueOf(DetectorLooks.Finished, detector);

    private double? PauseOf(string detector) => ValueOf(DetectorLooks.Pause, detector);

    private double? ValueOf(Metric metric, string detector)
    {
        List<LogCount> found = [.. _looks.Series().Where(s => s.Metric == metric && s.Series["detector"] == detector)];
        return found.Count == 0 ? null : found.Single().Lines;
    }

    private void Restart()
    {
        _looks = NewLooks();
        _looks.Load([.. _stored.Select(s => new SourcePosition(DetectorLooks.Source, s.Key, s.Value))]);
    }

    private DetectorLooks NewLooks() => new(new IntakeMetrics(new MetricRegistry()), _time);
}
