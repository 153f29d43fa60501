using Metrics.Model;

namespace Metrics.Tests.Model;

public sealed class BackoffTests
{
    private static readonly TimeSpan s_second = TimeSpan.FromSeconds(1);

    [Theory]
    [InlineData(1, 30, 2, 0, "0 1 2 4 8 16 30 30")]
    [InlineData(1, 60, 2, 0, "0 1 2 4 8 16 32 60")]
    [InlineData(15, 60, 2, 0, "0 15 30 60 60 60 60 60")]
    [InlineData(2, 100, 3, 0, "0 2 6 18 54 100 100 100")]
    [InlineData(1, 5, 1, 1, "0 1 2 3 4 5 5 5")]
    [InlineData(1, 5, 1, 0, "0 1 1 1 1 1 1 1")]
    [InlineData(9, 5, 2, 0, "0 5 5 5 5 5 5 5")]
    public void A_pause_grows_with_each_failure_up_to_the_longest(int first, int longest, double factor, int step, string pauses)
    {
        var backoff = new Backoff(first * s_second, longest * s_second) { Factor = factor, Step = step * s_second };
        string.Join(' ', Enumerable.Range(0, 8).Select(f => backoff.After(f).TotalSeconds)).Should().Be(pauses);
    }

    [Theory]
    [InlineData(0.25, 0, 6)]
    [InlineData(0.25, 0.5, 7)]
    [InlineData(0.25, 1, 8)]
    [InlineData(0.5, 0, 4)]
    [InlineData(1, 0, 0)]
    [InlineData(0, 0, 8)]
    public void Chance_shortens_a_pause_by_no_more_than_the_jitter(double jitter, double chance, double seconds) =>
        new Backoff(s_second, 60 * s_second) { Jitter = jitter }.After(4, chance).TotalSeconds.Should().Be(seconds);

    [Fact]
    public void Any_number_of_failures_has_a_pause() =>
        new Backoff(TimeSpan.FromDays(1), TimeSpan.FromDays(2)).After(int.MaxValue).Should().Be(TimeSpan.FromDays(2));
}
