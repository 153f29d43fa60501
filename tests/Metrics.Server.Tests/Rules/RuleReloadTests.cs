using Metrics.Model;
using Metrics.Rules;
using Metrics.Rules.Conditions;
using Microsoft.Extensions.Time.Testing;

namespace Metrics.Tests.Rules;

/// <summary>What is under way at a reload is neither lost nor holds it up.</summary>
public sealed class RuleReloadTests
{
    private const string Old = "{ alert: A, events: { kind: k }, window: 10m, count: { above: 1 } }";
    private const string New = "{ alert: A, events: { kind: k }, window: 20m, count: { above: 1 } }";
    private static readonly TimeSpan s_step = TimeSpan.FromMilliseconds(1);

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 3, 10, 12, 0, 0, TimeSpan.Zero));
    private readonly EventLogStub _log = new();

    [Fact]
    public async Task An_event_on_its_way_into_the_log_counts_for_a_rule_that_the_reload_changes()
    {
        await using EngineHarness harness = await StartAsync(Old);
        var written = new TaskCompletionSource();
        _log.Writing = written.Task;
        await harness.SendEventAsync("k");
        await harness.NextWhileAsync(_time, s_step);
        harness.Replace(Group(New));
        _log.Count.Should().Be(0);
        written.SetResult();
        GroupEvaluation round = await harness.NextWhileAsync(_time, s_step);
        round.Group.Rules[0].Rule.Text.Should().Contain("20m");
        StatusOf(round).Should().Be("1 group in the window");
        await harness.SendEventAsync("k");
        round = await harness.NextWhileAsync(_time, s_step);
        round.Changes.Should().ContainSingle().Which.Change.Alert.Value.Should().Be(2);
    }

    [Fact]
    public async Task A_log_that_neither_takes_nor_gives_anything_holds_up_no_reload_for_good()
    {
        await using EngineHarness harness = await StartAsync(Old);
        var end = new TaskCompletionSource();
        (_log.Writing, _log.Reading) = (end.Task, end.Task);
        await harness.SendEventAsync("k");
        await harness.NextOnArrivalAsync(_time);
        harness.Replace(Group(New));
        GroupEvaluation round = await harness.NextOnArrivalAsync(_time);
        round.Group.Rules[0].Rule.Text.Should().Contain("20m");
        StatusOf(round).Should().Be("0 groups in the window");
        end.SetResult();
        await Eventually.Async(
            () =>
            {
                _time.Advance(s_step);
                return MemoryOf(round).IsKnown;
            },
            "the windows are filled when the log answers");
    }

    [Fact]
    public async Task What_cannot_be_read_is_said_and_counted_and_read_later_while_rules_go_on()
    {
        await using EngineHarness harness = await StartAsync(Old);
        await harness.SendEventAsync("k");
        await harness.NextWhileAsync(_time, s_step);
        _log.Broken = 1;
        harness.Replace(Group(New));
        GroupEvaluation round = await harness.NextWhileAsync(_time, s_step);
        (StatusOf(round), MemoryOf(round).IsKnown).Should().Be(("0 groups in the window", false));
        (await harness.MetricsAsync()).Should().Contain("metricsd_rule_event_reads_failed_total 1")
            .And.NotContain("metricsd_faults_total{room=\"rules\"}", "that a log cannot be read for a while is no fault of ours");
        await Eventually.Async(
            () =>
            {
                _time.Advance(s_step * 10);
                return MemoryOf(round).IsKnown;
            },
            "the windows are filled a little later");
        StatusOf(round).Should().Be("1 group in the window");
    }

    [Fact]
    public async Task While_the_log_is_read_those_groups_alone_wait_that_have_something_to_read()
    {
        const string free = "{ name: free, interval: 1s, rules: [ { alert: B, expr: a > 1 } ] }";
        await using var harness = new EngineHarness(_time, Group(Old, free), log: _log);
        await harness.StartAsync();
        await harness.NextAsync();
        await harness.NextAsync("free");
        _log.Reading = new TaskCompletionSource().Task;
        Timestamp reload = Timestamp.Of(_time.GetUtcNow());
        harness.Replace(Group(New, free));
        await Eventually.Async(() => _log.Reads == 2, "the log is read");
        await harness.SendAsync(("a", 2));
        GroupEvaluation round;
        do
            round = await harness.NextOnArrivalAsync(_time, "free");
        while (round.Changes.Count == 0);
        (round.At - reload).Should().BeLessThan(EventReadBack.Patience / 2);
        round = await harness.NextWhileAsync(_time, TimeSpan.FromMilliseconds(100));
        round.Group.Rules[0].Rule.Text.Should().Contain("20m");
        (round.At - reload).Should().BeGreaterThanOrEqualTo(EventReadBack.Patience);
    }

    [Fact]
    public async Task A_group_that_waits_for_the_log_waits_on_over_another_reload_and_one_that_has_waited_does_not_wait_again()
    {
        const string free = "{ name: free, interval: 1h, rules: [ { alert: B, expr: a > 1 } ] }";
        await using var harness = new EngineHarness(_time, Group(Old, free), log: _log);
        await harness.StartAsync();
        await harness.NextAsync();
        _log.Reading = new TaskCompletionSource().Task;
        harness.Replace(Group(New, free));
        await Eventually.Async(() => _log.Reads == 2, "the log is read");
        harness.Replace(Group(New, free.Replace("> 1", "> 2", StringComparison.Ordinal)));
        await Eventually.Async(() => _log.Reads == 3, "the log is read for the rules of the second reload");
        IsHeld().Should().BeTrue();
        await harness.NextWhileAsync(_time, TimeSpan.FromMilliseconds(100));
        IsHeld().Should().BeFalse();
        harness.Replace(Group(New, free.Replace("> 1", "> 3", StringComparison.Ordinal)));
        await Eventually.Async(() => _log.Reads == 4, "the log is read for the rules of the third reload");
        IsHeld().Should().BeFalse();

        bool IsHeld() => harness.Engine.Schedule.Single(g => g.Runner.Group.Name == "g").IsHeld;
    }

    [Fact]
    public async Task A_log_that_fails_again_and_again_is_asked_ever_more_seldom()
    {
        await using EngineHarness harness = await StartAsync(Old);
        _log.Broken = int.MaxValue;
        int before = _log.Reads;
        DateTimeOffset reload = _time.GetUtcNow();
        harness.Replace(Group(New));
        await Eventually.Async(
            () =>
            {
                _time.Advance(s_step * 100);
                return _log.Reads - before == 5;
            },
            "the log is asked for the fifth time");
        (_time.GetUtcNow() - reload).Should().BeGreaterThanOrEqualTo(TimeSpan.FromSeconds(1 + 2 + 4 + 8));
    }

    [Fact]
    public async Task A_log_that_is_read_once_more_and_is_slow_holds_up_no_round()
    {
        await using EngineHarness harness = await StartAsync(Old);
        _log.Broken = 1;
        harness.Replace(Group(New));
        await harness.NextWhileAsync(_time, s_step);
        _log.Reading = new TaskCompletionSource().Task;
        int before = _log.Reads;
        await Eventually.Async(
            () =>
            {
                _time.Advance(s_step * 10);
                return _log.Reads > before;
            },
            "the log is asked once more");
        Timestamp asked = Timestamp.Of(_time.GetUtcNow());
        await harness.SendEventAsync("k");
        GroupEvaluation round = await harness.NextWhileAsync(_time, s_step * 10);
        (round.At - asked).Should().BeLessThan(EventReadBack.Patience / 2);
        StatusOf(round).Should().Be("1 group in the window");
    }

    [Fact]
    public void Who_hears_that_events_may_have_been_missed_says_whether_somebody_is_to_look()
    {
        RuleGroup group = RuleFile.Read(Group(Old), "rules.yaml", []).Single();
        using var scheduled = new ScheduledGroup(new GroupRunner(group, _time), 0.1);
        var plan = new RulePlan([scheduled]);
        plan.MarkEvents(5, 6).Should().BeTrue();
        plan.MarkEvents(5, 6).Should().BeFalse("it has its turn already");
    }

    [Fact]
    public async Task What_arrived_just_before_a_reload_is_looked_at_right_after_it_also_in_a_group_that_only_moved()
    {
        var taken = new TaskCompletionSource();
        await using var harness = new EngineHarness(_time, Group("{ alert: B, expr: a > 1 }")) { Taken = _ => taken.Task };
        await harness.StartAsync();
        await Eventually.Async(() => harness.Engine.Groups[0].LastAt > 0, "the first round is under way");
        await harness.SendAsync(("a", 2));
        await Eventually.Async(() => harness.Engine.Schedule[0].HasPending, "the sample is seen");
        harness.Replace("# A comment.\n" + Group("{ alert: B, expr: a > 1 }"));
        await Eventually.Async(() => harness.Engine.Schedule[0].Ends.IsCancellationRequested, "the reload has begun");
        taken.SetResult();
        await harness.NextAsync();
        (await harness.NextAsync()).Changes.Should().ContainSingle("no time has gone by, and nothing more has come");
    }

    [Fact]
    public void A_round_on_arrival_that_was_given_up_is_still_to_take_place()
    {
        RuleGroup group = RuleFile.Read(Group("{ alert: B, expr: a > 1 }"), "rules.yaml", []).Single();
        using var scheduled = new ScheduledGroup(new GroupRunner(group, _time), 0.1);
        var rules = new RuleMask(1);
        rules.Add(0);
        scheduled.Mark(rules, 5, 6, 7);
        Round round = scheduled.TakeArrival()!;
        scheduled.HasPending.Should().BeFalse();
        scheduled.GiveBack(round);
        scheduled.HasPending.Should().BeTrue();
        Round again = scheduled.TakeArrival()!;
        (again.Newest, again.Arrived, again.Chosen![0]).Should().Be((5, 6, true));
    }

    private async Task<EngineHarness> StartAsync(string rule)
    {
        var harness = new EngineHarness(_time, Group(rule), log: _log);
        await harness.StartAsync();
        await harness.NextAsync();
        return harness;
    }

    private static EventCountMemory MemoryOf(GroupEvaluation round) => (EventCountMemory)round.Group.Alerting[0].Memory;

    private static string? StatusOf(GroupEvaluation round) => MemoryOf(round).Status;

    private static string Group(string rule, string other = "") => $"groups: [ {{ name: g, interval: 1h, rules: [ {rule} ] }}, {other} ]\n";
}
