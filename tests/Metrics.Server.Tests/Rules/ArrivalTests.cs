using Metrics.Rules;
using Metrics.Text;

namespace Metrics.Tests.Rules;

/// <summary>How often rules are evaluated because data arrived.</summary>
public sealed class ArrivalTests
{
    private const long Now = 1_700_000_000_000;
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(15);

    [Fact]
    public void A_cheap_group_has_its_turn_at_once_and_a_dear_one_keeps_a_distance_that_follows_its_cost()
    {
        var pace = new ArrivalPace(0.1, s_interval);
        (pace.FreeAt(Now), pace.Gather).Should().Be((Now, TimeSpan.Zero));
        pace.NoteArrival(TimeSpan.FromMilliseconds(0.2), Now);
        pace.FreeAt(Now).Should().Be(Now, "what is saved is not used up");

        for (int i = 0; i < 50; i++)
        {
            pace.FreeAt(Now).Should().Be(Now, "what all groups have in ten seconds may go at once");
            pace.NoteArrival(TimeSpan.FromMilliseconds(20), Now);
        }
        long at = Now;
        for (int i = 0; i < 100; i++)
        {
            at = pace.FreeAt(at);
            pace.NoteArrival(TimeSpan.FromMilliseconds(20), at);
        }
        (at - Now).Should().BeInRange(190_000, 210_000, "a hundred rounds of 20 ms within a hundredth of a core");
        pace.Distance.TotalSeconds.Should().BeApproximately(2, 0.01);
        pace.Gather.Should().Be(TimeSpan.FromMilliseconds(250));
        pace.IsTooDear.Should().BeFalse();
    }

    [Fact]
    public void One_round_that_was_dear_for_once_holds_up_none_of_the_next()
    {
        var pace = new ArrivalPace(0.1, s_interval);
        for (int i = 0; i < 3; i++)
            pace.NoteArrival(TimeSpan.FromMilliseconds(0.5), Now);
        pace.NoteArrival(TimeSpan.FromMilliseconds(40), Now);
        pace.Gather.Should().Be(TimeSpan.Zero);
        pace.NoteArrival(TimeSpan.FromMilliseconds(6), Now);
        pace.Gather.Should().Be(TimeSpan.FromMilliseconds(150), "two of three are no exception");
    }

    [Fact]
    public void A_group_that_is_too_dear_goes_by_its_interval_and_comes_back_when_it_is_cheaper()
    {
        var pace = new ArrivalPace(0.1, s_interval);
        pace.NoteInterval(TimeSpan.FromMilliseconds(200));
        pace.NoteArrival(TimeSpan.FromMilliseconds(100), Now);
        pace.NoteArrival(TimeSpan.FromMilliseconds(100), Now);
        pace.IsTooDear.Should().BeFalse("the first rounds say little");
        pace.NoteArrival(TimeSpan.FromMilliseconds(100), Now);
        pace.IsTooDear.Should().BeTrue();
        for (int i = 0; i < 10; i++)
            pace.NoteInterval(TimeSpan.FromMilliseconds(200));
        pace.IsTooDear.Should().BeTrue();
        for (int i = 0; i < 10; i++)
            pace.NoteInterval(TimeSpan.FromMilliseconds(40));
        pace.IsTooDear.Should().BeFalse("a round on arrival costs 20 ms now");
    }

    [Fact]
    public void Without_a_share_nothing_is_evaluated_on_arrival()
    {
        var pace = new ArrivalPace(0, s_interval);
        pace.IsTooDear.Should().BeTrue();
        pace.NoteInterval(TimeSpan.Zero);
        pace.IsTooDear.Should().BeTrue();
        new ArrivalCredit(0, 100).FreeAt(Now).Should().Be(long.MaxValue);
    }

    [Fact]
    public void A_share_that_is_next_to_nothing_is_a_long_distance()
    {
        var pace = new ArrivalPace(1e-300, s_interval);
        for (int i = 0; i < 20; i++)
            pace.NoteArrival(TimeSpan.FromMilliseconds(1), Now);
        pace.IsTooDear.Should().BeTrue();
        pace.FreeAt(Now).Should().BeGreaterThan(Now + 1_000_000_000);
    }

    [Fact]
    public void All_together_take_no_more_than_the_share()
    {
        var credit = new ArrivalCredit(0.1, 100);
        long at = Now;
        double spent = 0;
        while (at < Now + 60_000)
        {
            credit.Spend(30, at);
            spent += 30;
            at = credit.FreeAt(at);
        }
        spent.Should().BeInRange(6_000, 6_200);
        credit.Spend(-1e9, at);
        credit.FreeAt(at).Should().Be(at);
        credit.FreeAt(at - 3_600_000).Should().Be(at - 3_600_000, "a clock that is set back does not lock it");
    }

    [Fact]
    public void A_hundred_targets_in_one_moment_make_one_round_of_the_rules_that_read_what_they_send()
    {
        using ScheduledGroup group = Group("- { alert: A, expr: a > 1 }\n- { alert: B, expr: b > 1 }");
        group.Pace.NoteArrival(TimeSpan.FromMilliseconds(4), Now);
        for (int target = 0; target < 100; target++)
        {
            bool isNews = group.Mark(group.Runner.Wakes.ByMetric["a"], Now + target, 7 + target, Now + (target / 2));
            isNews.Should().Be(target == 0, "one look is enough");
        }
        group.NextArrival(Now + 49).Should().Be(Now + 100, "25 times its cost");
        Round round = group.TakeArrival()!;
        (round.Chosen![0], round.Chosen[1], round.Newest, round.Arrived).Should().Be((true, false, Now + 99, 7L));
        group.TakeArrival().Should().BeNull();
        group.NextArrival(Now + 200).Should().Be(long.MaxValue);
    }

    [Fact]
    public void A_round_at_the_interval_takes_in_what_arrived()
    {
        using ScheduledGroup group = Group("- { alert: A, expr: a > 1 }");
        group.ResumeFrom(0, Now);
        group.Mark(group.Runner.Wakes.ByMetric["a"], Now, 1, Now);
        group.TakeInterval(Now, 0)!.Chosen.Should().BeNull();
        group.TakeArrival().Should().BeNull();
        group.TakeInterval(Now + 1, 0).Should().BeNull();
        group.NextDue.Should().Be(group.Runner.BeatAfter(Now));
    }

    [Fact]
    public void Missed_rounds_are_counted_and_the_latest_are_made_up_for_within_bounds()
    {
        MissedRounds.Of(Now, Now + 14_999, s_interval, TimeSpan.Zero, 0).Should().Be(MissedRounds.None);
        MissedRounds missed = MissedRounds.Of(Now, Now + 50_000, s_interval, TimeSpan.FromMilliseconds(1), 0);
        missed.Count.Should().Be(3);
        missed.CaughtUp.Should().Equal(Now, Now + 15_000, Now + 30_000);

        missed = MissedRounds.Of(Now, Now + 15_000_000, s_interval, TimeSpan.FromMilliseconds(1), 0);
        (missed.Count, missed.CaughtUp.Count, missed.CaughtUp[^1]).Should().Be((1000, MissedRounds.MaxCaughtUp, Now + (999 * 15_000)));
        MissedRounds.Of(Now, Now + 150_000, s_interval, TimeSpan.FromSeconds(3), 0).CaughtUp
            .Should().HaveCount(2, "more would take longer than half an interval");
        MissedRounds.Of(Now, Now + 150_000, s_interval, TimeSpan.FromSeconds(20), 0).CaughtUp
            .Should().BeEmpty("who does not keep up is not given more to do");
        MissedRounds.Of(Now, Now + 60_000, s_interval, TimeSpan.Zero, Now + 20_000).CaughtUp.Should().Equal(Now + 30_000, Now + 45_000);
    }

    [Fact]
    public void A_clock_that_is_set_back_does_not_put_a_group_to_sleep()
    {
        using ScheduledGroup group = Group("- { alert: A, expr: a > 1 }");
        group.ResumeFrom(0, Now);
        group.TakeInterval(Now, 0).Should().NotBeNull();
        group.TakeInterval(Now - 3_600_000, 0).Should().BeNull();
        group.TakeInterval(Now - 3_540_000, 0).Should().NotBeNull();
    }

    [Fact]
    public void Groups_of_one_interval_keep_to_beats_of_their_own_that_a_restart_does_not_change()
    {
        List<ScheduledGroup> groups = [.. Enumerable.Range(0, 100).Select(i => Group("- { alert: A, expr: a > 1 }", $"g{i}"))];
        foreach (ScheduledGroup group in groups)
        {
            group.ResumeFrom(0, Now);
            group.TakeInterval(Now, 0).Should().NotBeNull("all begin at once");
            group.NextDue.Should().BeInRange(Now + 1, Now + 60_000);
            group.Runner.BeatAfter(group.NextDue).Should().Be(group.NextDue + 60_000);
            group.Runner.BeatAfter(group.NextDue - 1).Should().Be(group.NextDue);
        }
        groups.GroupBy(g => (g.NextDue - Now) / 6_000).Should().HaveCountGreaterThanOrEqualTo(10)
            .And.OnlyContain(tenth => tenth.Count() < 25, "they are spread over the minute");
        using ScheduledGroup again = Group("- { alert: A, expr: a > 2 }", "g7");
        again.Runner.BeatAfter(Now).Should().Be(groups[7].NextDue);
        groups.ForEach(g => g.Dispose());
    }

    private static ScheduledGroup Group(string rules, string name = "g")
    {
        var problems = new List<Problem>();
        string text = $"groups:\n  - name: {name}\n    interval: 1m\n    rules:\n      {rules.ReplaceLineEndings("\n      ")}\n";
        RuleGroup group = RuleFile.Read(text, "test.yaml", problems).Single();
        problems.Should().BeEmpty();
        return new ScheduledGroup(new GroupRunner(group, TimeProvider.System), 0.1);
    }
}
