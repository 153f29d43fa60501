using Metrics.Model;
using Metrics.Pollers;

namespace Metrics.Tests.Pollers;

public sealed class TargetSeriesTests
{
    private static readonly Metric s_metric = Metric.Gauge("m", "Help.", "a", "job");

    private readonly TargetSeries _series = new([new Label("job", "cloud"), new Label("instance", "west")]);

    [Fact]
    public void A_series_is_stored_once_with_the_targets_labels_whichever_labels_it_is_asked_by()
    {
        _series.Begin();
        Labels stored = _series.Seen(s_metric.Series("1", "its own word"));
        stored.Should().Equal(Labels.Of("m", ("a", "1"), ("instance", "west"), ("job", "cloud")));
        _series.Seen(s_metric.Series("1", "another word")).Should().BeSameAs(stored, "the target's label wins");
        _series.Seen(s_metric.Series("1", "")).Should().BeSameAs(stored);
        _series.Seen(stored).Should().BeSameAs(stored);
        _series.Seen(s_metric.Series("2", "")).Should().NotBeSameAs(stored);
        _series.Added.Should().Be(2);
    }

    [Fact]
    public void A_series_that_is_no_longer_there_ends_once_and_is_forgotten_later()
    {
        Labels one = s_metric.Series("1", ""), two = s_metric.Series("2", "");
        Poll(one, two).Should().BeEmpty();
        Poll(one).Should().Equal("2");
        Poll(one).Should().BeEmpty("its end was told");
        Poll(one, two).Should().BeEmpty();
        for (int i = 0; i < 12; i++)
            Poll(one);
        _series.Begin();
        _series.Seen(one);
        _series.Seen(two);
        _series.Added.Should().Be(1, "the second was forgotten");
    }

    [Fact]
    public void A_poll_that_fails_ends_every_series()
    {
        Labels one = s_metric.Series("1", "");
        Poll(one);
        _series.Begin();
        _series.Seen(one);
        using var batch = new SampleBatch("t");
        _series.End(batch, 5, failed: true);
        batch.Count.Should().Be(1);
        StaleMarker.Is(batch.Values[0]).Should().BeTrue();
        Poll().Should().BeEmpty("its end was told");
    }

    [Fact]
    public void A_target_that_asks_otherwise_for_the_same_series_goes_on_with_them()
    {
        Labels one = s_metric.Series("1", ""), two = s_metric.Series("2", ""), three = s_metric.Series("3", "");
        Poll(one, two);
        var after = new TargetSeries([new Label("job", "cloud"), new Label("instance", "west")]);
        after.TakeOverFrom(_series);
        after.Live().Should().HaveCount(2);
        after.Begin();
        after.Seen(one);
        after.Seen(three);
        using var batch = new SampleBatch("t");
        after.End(batch, 5, failed: false);
        batch.Series.ToArray().Select(l => l["a"]).Should().Equal("2");
        after.Added.Should().Be(1, "one of them was there before");
        after.Live().Select(l => l["a"]).Should().BeEquivalentTo("1", "3");
    }

    [Fact]
    public void What_a_poll_that_was_given_up_had_seen_still_ends_with_the_target()
    {
        Labels one = s_metric.Series("1", ""), two = s_metric.Series("2", "");
        Poll(one, two);
        _series.Begin();
        _series.Seen(one);
        _series.Live().Select(l => l["a"]).Should().BeEquivalentTo("1", "2");
    }

    /// <summary>Polls once; gives those that ended.</summary>
    private string[] Poll(params Labels[] seen)
    {
        _series.Begin();
        foreach (Labels labels in seen)
            _series.Seen(labels);
        using var batch = new SampleBatch("t");
        _series.End(batch, 5, failed: false);
        batch.Values.ToArray().All(StaleMarker.Is).Should().BeTrue();
        return [.. batch.Series.ToArray().Select(l => l["a"])];
    }
}
