using Metrics.Rules;

namespace Metrics.Tests.Rules;

/// <summary>Lives of alerts as tables: a reading a step of 10 s, B breached, C clear, N no data.</summary>
public sealed class AlertStateTests
{
    [Theory]
    [InlineData("no for", "0s", "0s", "B B C C B", "firing firing inactive inactive firing")]
    [InlineData("for", "20s", "0s", "B B B B C", "pending pending firing firing inactive")]
    [InlineData("for starts anew", "20s", "0s", "B B C B B B", "pending pending inactive pending pending firing")]
    [InlineData("keeps firing", "0s", "20s", "B C C C C", "firing firing firing inactive inactive")]
    [InlineData("comes back while held", "0s", "20s", "B C B C C C", "firing firing firing firing firing inactive")]
    [InlineData("no data stays open", "0s", "0s", "B N N B", "firing no-data no-data firing")]
    [InlineData("no data then clear", "0s", "0s", "B N C", "firing no-data inactive")]
    [InlineData("pending without data never fires", "20s", "0s", "B N N N N", "pending no-data no-data no-data no-data")]
    [InlineData("pending goes on after a gap", "20s", "0s", "B N B", "pending no-data firing")]
    [InlineData("no data of nothing is nothing", "0s", "0s", "N C N", "inactive inactive inactive")]
    public void Lives(string why, string @for, string keepFiringFor, string readings, string states) =>
        Run(new AlertPolicy(Span(@for), Span(keepFiringFor), NoDataPolicy.Keep, TimeSpan.FromDays(1)), readings).Should().Be(states, why);

    [Theory]
    [InlineData(NoDataPolicy.Fire, "B N N", "pending pending firing")]
    [InlineData(NoDataPolicy.Resolve, "B B B N", "pending pending firing inactive")]
    public void A_rule_may_choose_what_no_data_means(NoDataPolicy policy, string readings, string states) =>
        Run(new AlertPolicy(TimeSpan.FromSeconds(20), TimeSpan.Zero, policy, TimeSpan.FromDays(1)), readings).Should().Be(states);

    [Fact]
    public void Without_data_for_too_long_it_ends_as_expired_and_not_as_resolved()
    {
        var policy = new AlertPolicy(TimeSpan.Zero, TimeSpan.Zero, NoDataPolicy.Keep, TimeSpan.FromSeconds(30));
        AlertState state = new AlertState.Inactive();
        foreach ((
            Observation reading, long at) in new[] { (Observation.Breached, 0L), (Observation.NoData, 10_000),
            (Observation.NoData, 39_000) })
            state = state.Next(reading, at, policy);
        state.IsOpen.Should().BeTrue();
        state.Next(Observation.NoData, 40_000, policy).Should().Be(new AlertState.Inactive(EndReason.Expired));
    }

    [Fact]
    public void A_firing_alert_remembers_when_it_began()
    {
        var policy = new AlertPolicy(TimeSpan.FromSeconds(20), TimeSpan.Zero, NoDataPolicy.Keep, TimeSpan.FromDays(1));
        AlertState state = new AlertState.Inactive().Next(Observation.Breached, 1000, policy).Next(Observation.Breached, 21_000, policy);
        state.Should().Be(new AlertState.Firing(1000, 21_000));
        state.Next(Observation.NoData, 30_000, policy).Next(Observation.Breached, 40_000, policy).Should().Be(state);
    }

    private static string Run(AlertPolicy policy, string readings)
    {
        AlertState state = new AlertState.Inactive();
        var states = new List<string>();
        long at = 0;
        foreach (char reading in readings.Where(c => c != ' '))
        {
            state = state.Next(
                reading switch { 'B' => Observation.Breached, 'C' => Observation.Clear, _ => Observation.NoData }, at, policy);
            states.Add(state.Name.Replace(' ', '-'));
            at += 10_000;
        }
        return string.Join(' ', states);
    }

    private static TimeSpan Span(string text) => Metrics.Model.Duration.Parse(text);
}
