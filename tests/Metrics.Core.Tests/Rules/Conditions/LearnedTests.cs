using Metrics.Model;
using Metrics.Rules;
using Metrics.Rules.Conditions;
using Metrics.Text;

namespace Metrics.Tests.Rules.Conditions;

/// <summary>What a learned rhythm says of silence, and when it says nothing.</summary>
public sealed class LearnedTests
{
    private const string Silence = """
        expr: sum by (host, service) (lines)
        learned: { silence: true, window: 1m, min_history: 30m, while: 'sum by (host) (lines) > 0' }
        annotations: { summary: '{{ value | humanize_duration }}' }
        """;

    private static readonly Labels s_api = Lines("a", "api"), s_cron = Lines("a", "cron"), s_other = Lines("b", "api");

    [Fact]
    public void Half_of_what_is_usual_is_no_silence_nothing_is_and_its_length_is_said()
    {
        RuleHarness rules = new RuleHarness().Read(Silence);
        Minutes(rules, 0, 40, (s_api, 100), (s_cron, 1));
        Minutes(rules, 40, 1, (s_api, 1), (s_cron, 1));
        rules.Open.Should().Be("", "it is heard");
        Minutes(rules, 41, 3, (s_api, 0), (s_cron, 1));
        rules.Open.Should().Be("a firing");
        Minutes(rules, 44, 1, (s_api, 0), (s_cron, 1));
        AlertInstance api = rules.Rules[0].Alerts.Single();
        api.Series.Should().BeEquivalentTo(Labels.Of(new Label("host", "a"), new Label("service", "api")));
        api.Value.Should().Be(300, "it was last there at minute 40");
        api.Bound.Should().BeApproximately(97.6, 0.1, "what is usual in a window is said too");
        Minutes(rules, 45, 1, (s_api, 7), (s_cron, 1));
        rules.Open.Should().Be("", "it is heard again");
    }

    [Fact]
    public void A_reload_goes_on_with_what_is_usual_unless_the_window_or_the_expression_is_another()
    {
        RuleHarness before = new RuleHarness().Read(Silence);
        Minutes(before, 0, 40, (s_api, 100), (s_cron, 1));
        byte[] old = new ArrivalModel().ToBytes();
        RuleHarness after = before.Reload(Silence.Replace("30m", "31m", StringComparison.Ordinal));
        after.Rules[0].TakeOverFrom(before.Rules[0]);
        ((LearnedMemory)after.Rules[0].Memory).Restore(s_api.Without(Labels.MetricName), old);
        Minutes(after, 40, 4, (s_api, 0), (s_cron, 1));
        after.Open.Should().Be("a firing", "what was written down some minutes ago says less");
        RuleHarness other = before.Reload(Silence.Replace("1m", "2m", StringComparison.Ordinal));
        other.Rules[0].TakeOverFrom(before.Rules[0]);
        Minutes(other, 40, 4, (s_api, 0), (s_cron, 1));
        other.Open.Should().Be("", "nothing is known of two minutes");
        RuleHarness rows = before.Reload(Silence.Replace("service) (lines)", "service) (rows)", StringComparison.Ordinal));
        rows.Rules[0].TakeOverFrom(before.Rules[0]);
        Minutes(rows, 40, 4, (s_api, 0), (s_cron, 1));
        rows.Open.Should().Be("", "nothing is known of rows");
    }

    [Fact]
    public void Less_than_is_usual_is_an_alert_only_below_the_share_that_is_asked_for()
    {
        RuleHarness rules = new RuleHarness().Read("expr: lines\nlearned: { share: 0.7, window: 1m, min_history: 30m }");
        Minutes(rules, 0, 40, (s_api, 5000));
        Minutes(rules, 40, 1, (s_api, 3600));
        rules.Open.Should().Be("", "chance does not make it, but it is more than 0.7 of what is usual");
        Minutes(rules, 41, 1, (s_api, 3400));
        rules.Open.Should().Be("a firing");
        AlertInstance alert = rules.Rules[0].Alerts.Single();
        alert.Value.Should().Be(3400);
        // What is counted may be a share too, such as lines in a thousand requests: it is not said that so many came.
        rules.Rules[0].Rule.Condition.Describe(alert).Should().MatchRegex(
            "^3400 over 1m; usual for this hour are [0-9.]+, and less than 0.7 of that is too little$");
        rules.Rules[0].Rule.Text.Should().Be("lines less than 0.7 of what is usual, with a probability of 0.999");
    }

    [Theory]
    [InlineData("share: 1", "learned.share is '1'; it must be a number above 0 and below 1, such as 0.7")]
    [InlineData("share: half", "learned.share is 'half'; it must be a number above 0 and below 1, such as 0.7")]
    [InlineData("share: NaN", "learned.share is 'NaN'; it must be a number above 0 and below 1, such as 0.7")]
    [InlineData("probability: 0.5", "learned.probability is '0.5'; it must be a number above 0.5 and below 1, such as 0.999")]
    [InlineData("share: 0.5, silence: true", "learned.share cannot stand beside silence")]
    public void A_share_is_below_one_and_no_matter_of_silence(string keys, string problem)
    {
        RuleHarness.Parse($"expr: lines\nlearned: {{ {keys} }}", out List<Problem> problems);
        problems.Should().ContainSingle().Which.ToString().Should().Contain(problem);
    }

    [Fact]
    public void While_it_is_not_to_be_judged_nothing_fires_and_nothing_is_learned()
    {
        RuleHarness rules = new RuleHarness().Read(Silence);
        Minutes(rules, 0, 40, (s_api, 100), (s_cron, 1), (s_other, 5));
        Minutes(rules, 40, 60, (s_api, 0), (s_cron, 0), (s_other, 5));
        rules.Open.Should().Be("", "all of the host stands still: that is another rule's matter");
        Minutes(rules, 100, 3, (s_api, 0), (s_cron, 1), (s_other, 5));
        rules.Open.Should().Be("a firing", "an hour without lines has not become usual");
    }

    [Fact]
    public void An_alert_that_is_open_stays_while_nothing_is_to_be_judged()
    {
        RuleHarness rules = new RuleHarness().Read(Silence);
        Minutes(rules, 0, 40, (s_api, 100), (s_cron, 1));
        Minutes(rules, 40, 3, (s_api, 0), (s_cron, 1));
        Minutes(rules, 43, 9, (s_api, 0), (s_cron, 0));
        rules.Open.Should().Be("a firing");
    }

    [Fact]
    public void A_condition_without_labels_holds_for_all_and_one_that_is_wrong_is_refused()
    {
        RuleHarness rules = new RuleHarness().Read(
            "expr: lines\nlearned: { silence: true, window: 1m, min_history: 30m, while: 'vector(1) unless on () (up == 0)' }");
        Labels up = Labels.Of("up", ("job", "logs"));
        Minutes(rules, 0, 40, (s_api, 100), (up, 1));
        Minutes(rules, 40, 9, (s_api, 0), (up, 0));
        rules.Open.Should().Be("");
        Minutes(rules, 49, 2, (s_api, 0), (up, 1));
        rules.Open.Should().Be("a firing");
        RuleHarness.Parse("expr: lines\nlearned: { while: 'sum(' }", out List<Problem> problems);
        problems.Should().ContainSingle().Which.ToString().Should().Contain("learned.while is not valid");
        rules.Rules[0].Rule.Text.Should().Be(
            "lines silent for longer than is usual, with a probability of 0.999, while vector(1) unless on () (up == 0)");
    }

    [Fact]
    public void What_was_heard_and_when_survives_a_restart_also_of_models_that_were_kept_before_that_was_known()
    {
        var model = new ArrivalModel();
        for (int minute = 1; minute <= 100; minute++)
        {
            model.Take(minute * 60_000, minute % 2);
            model.Hear(minute * 60_000, minute % 2);
        }
        ArrivalModel again = ArrivalModel.FromBytes(model.ToBytes()), older = ArrivalModel.FromBytes(model.ToBytes().AsSpan()[..^16]);
        again.HeardAt.Should().Be(99 * 60_000);
        (again.Windows, again.Expected(101 * 60_000)).Should().Be((model.Windows, model.Expected(101 * 60_000)));
        (older.Windows, older.Expected(101 * 60_000)).Should().Be((model.Windows, model.Expected(101 * 60_000)));
        older.Hear(200 * 60_000, 0);
        older.HeardAt.Should().Be(200 * 60_000, "it counts from the first look");
    }

    [Fact]
    public void What_has_not_come_for_weeks_is_forgotten_and_its_model_is_removed()
    {
        RuleHarness rules = new RuleHarness { ListeningSince = RuleHarness.At(-7200) }
            .Read("expr: lines\nlearned: { silence: true, window: 1h, min_history: 30d }");
        var memory = (LearnedMemory)rules.Rules[0].Memory;
        rules.Evaluate(0, (s_api, 100));
        memory.TakeChanged().Should().ContainSingle().Which.Model.Should().NotBeNull();
        for (int day = 1; day <= 36; day++)
            rules.Evaluate(day * 86_400);
        memory.TakeChanged().Should().ContainSingle().Which.Should().Be((s_api.Without(Labels.MetricName), (byte[]?)null));
        rules.Evaluate(37 * 86_400);
        memory.TakeChanged().Should().BeEmpty();
    }

    [Fact]
    public void What_is_there_for_less_than_a_window_between_two_looks_ends_a_pause()
    {
        // A line a window, which shows in the rounds between those at which windows are taken, and never at one.
        RuleHarness rules = new RuleHarness().Read("expr: lines\nlearned: { silence: true, window: 5m, min_history: 1h }");
        for (int minute = 0; minute <= 300; minute++)
            rules.Evaluate(minute * 60, (s_api, minute % 5 is 1 or 2 ? 1 : 0));
        rules.Open.Should().Be("");
        ArrivalModel model = ArrivalModel.FromBytes(((LearnedMemory)rules.Rules[0].Memory).TakeChanged().Single().Model);
        model.Expected(RuleHarness.At(300 * 60)).Should().BeGreaterThan(0.9);
    }

    [Fact]
    public void What_is_told_for_long_is_usual_then_and_is_told_again_after_it_was_heard()
    {
        RuleHarness rules = new RuleHarness().Read(
            "expr: lines\nno_data_timeout: 10m\nlearned: { silence: true, window: 1m, min_history: 30m }");
        Minutes(rules, 0, 40, (s_api, 100));
        List<string> first = States(40, 55);
        first.Should().Equal(["firing", "inactive"], "a day later, as it were, nobody is told of the same again");
        Minutes(rules, 95, 50, (s_api, 100));
        States(145, 3).Should().Equal("firing");

        List<string> States(int from, int count) =>
        [
            .. Enumerable.Range(from, count).SelectMany(m => rules.Evaluate(m * 60, (s_api, 0))).Select(c => c.Alert.State.Name),
        ];
    }

    [Fact]
    public void What_is_not_to_be_judged_any_more_is_forgotten_too_and_its_alert_ends()
    {
        RuleHarness rules = new RuleHarness().Read(Silence);
        Minutes(rules, 0, 40, (s_api, 100), (s_cron, 1), (s_other, 5));
        Minutes(rules, 40, 3, (s_api, 0), (s_cron, 1), (s_other, 5));
        var memory = (LearnedMemory)rules.Rules[0].Memory;
        for (int day = 1; day <= 36; day++)
        {
            rules.Open.Should().Be("a firing", "its host is gone, which is another rule's matter");
            rules.Evaluate(day * 86_400, (s_other, 5));
        }
        rules.Open.Should().Be("");
        memory.TakeChanged().Where(c => c.Model is null).Select(c => c.Series["service"]).Should().BeEquivalentTo("api", "cron");
    }

    [Fact]
    public void What_is_heard_while_it_is_not_to_be_judged_is_not_forgotten()
    {
        RuleHarness rules = new RuleHarness().Read("expr: lines\nlearned: { silence: true, window: 1m, while: 'absent(other)' }");
        for (int day = 0; day <= 40; day++)
            rules.Evaluate(day * 86_400, (s_api, 5), (Labels.Of("other"), 1));
        ((LearnedMemory)rules.Rules[0].Memory).TakeChanged().Should().BeEmpty();
    }

    [Fact]
    public void An_alert_of_a_series_of_which_nothing_is_known_any_more_ends()
    {
        RuleHarness rules = new RuleHarness().Read(Silence);
        Labels series = s_api.Without(Labels.MetricName);
        var firing = new AlertState.Firing(RuleHarness.At(-60), RuleHarness.At(-60));
        rules.Rules[0].Restore([new AlertInstance { Series = series, Labels = series, State = firing }]);
        rules.Open.Should().Be("a firing");
        rules.Evaluate(0, (s_cron, 1));
        rules.Open.Should().Be("");
    }

    [Fact]
    public void More_series_than_are_learned_are_the_rules_error()
    {
        RuleHarness rules = new RuleHarness().Read("expr: lines\nlearned: { silence: true }");
        rules.Evaluate(0, [.. Enumerable.Range(0, LearnedMemory.MaxSeries + 1).Select(i => (Lines("a", $"service-{i}"), 1.0))]);
        rules.Rules[0].Error.Should().Contain("more than 10000 series");
    }

    [Fact]
    public void An_hour_of_the_week_that_is_not_known_may_be_as_quiet_as_the_nights()
    {
        var office = new ArrivalModel();
        var always = new ArrivalModel();
        // 2026-06-01 is a Monday.
        long monday = new DateTimeOffset(2026, 6, 1, 0, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds();
        for (int window = 1; window <= 5 * 144; window++)
        {
            int hour = (window - 1) / 6 % 24;
            office.Take(monday + (window * 600_000L), hour is >= 8 and < 18 ? 40 : 0);
            always.Take(monday + (window * 600_000L), 40);
        }
        long saturday = monday + (((5 * 144) + (10 * 6)) * 600_000L);
        office.Probability(saturday, 0).Should().BeGreaterThan(0.01, "no weekend was seen yet, and the nights are quiet");
        always.Probability(saturday, 0).Should().BeLessThan(1e-6, "it speaks day and night");
    }

    private static Labels Lines(string host, string service) => Labels.Of("lines", ("host", host), ("service", service));

    private static void Minutes(RuleHarness rules, int from, int count, params (Labels, double)[] samples)
    {
        for (int minute = from; minute < from + count; minute++)
            rules.Evaluate(minute * 60, samples);
    }
}
