using Metrics.Model;
using Metrics.Series;
using Metrics.Testing;

namespace Metrics.Tests.Series;

public sealed class HeadTests
{
    private const long Now = 1_700_000_000_000;

    [Fact]
    public void A_chunk_gives_back_every_bit_that_was_put_in()
    {
        var random = new Random(5);
        for (int round = 0; round < 300; round++)
        {
            var chunk = new XorChunk();
            var put = new List<Sample>();
            long time = random.NextInt64(-1L << 40, 1L << 42);
            double value = 0;
            for (int i = 0; i < XorChunk.Capacity; i++)
            {
                time += random.Next(
                    5) switch { 0 =>
                    random.Next(1, 40), 1 => 15_000, 2 => random.NextInt64(1, 1L << random.Next(1, 45)), 3 => 15_001, _ => 70_000 };
                value = random.Next(
                    5) switch { 0 =>
                    value, 1 =>
                        value + 1, 2 =>
                            BitConverter.Int64BitsToDouble(random.NextInt64()), 3 => StaleMarker.Value, _ => random.NextDouble() };
                chunk.TryAppend(time, value).Should().BeTrue();
                put.Add(new Sample(time, value));
            }
            chunk.TryAppend(time + 1, 0).Should().BeFalse("it is full");
            chunk.Seal();
            var got = new List<Sample>();
            for (XorReader reader = chunk.Read(); reader.MoveNext();)
                got.Add(reader.Current);
            got.Select(s => (s.Time, BitConverter.DoubleToInt64Bits(s.Value))).Should()
                .Equal(put.Select(s => (s.Time, BitConverter.DoubleToInt64Bits(s.Value))));
        }
    }

    [Fact]
    public void A_steady_counter_takes_less_than_two_bytes_a_sample()
    {
        var chunk = new XorChunk();
        for (int i = 0; i < XorChunk.Capacity; i++)
            chunk.TryAppend(Now + (i * 15_000), 1_000_000);
        chunk.Size.Should().BeLessThan(XorChunk.Capacity * 2);
    }

    [Fact]
    public void Without_room_no_series_begins_and_those_that_are_there_go_on()
    {
        bool hasRoom = true;
        using var head = new Head(HeadOptions.Default, () => hasRoom);
        using SampleBatch first = Batch(("m", Now, 1));
        head.Append(first, Now);
        hasRoom = false;
        using SampleBatch second = Batch(("m", Now + 1, 1), ("n", Now + 1, 1));
        AppendResult result = head.Append(second, Now + 1);
        (result.Appended, result.MemoryShort, second.Count, head.SeriesCount).Should().Be((1, 1, 1, 1));
    }

    [Fact]
    public void What_was_there_before_a_restart_needs_no_new_room_and_what_is_too_old_does()
    {
        using var head = new Head(HeadOptions.Default, () => false);
        using SampleBatch kept = Batch(("m", Now, 1));
        head.Refill(kept, Now).Appended.Should().Be(1);
        using SampleBatch old = Batch(("m", Now - 7_200_001, 1), ("n", Now - 7_200_001, 1));
        AppendResult result = head.Append(old, Now);
        (result.TooOld, result.MemoryShort, old.Count).Should().Be((1, 1, 1), "the store remembers its series, too");
    }

    [Fact]
    public void What_others_take_for_now_is_no_future()
    {
        using var head = new Head(HeadOptions.Default);
        using SampleBatch batch = Batch(("m", Now + 3_600_000, 1), ("n", Now + 7_200_000, 1));
        AppendResult result = head.Append(batch, Now, Now + 3_600_000);
        (result.Appended, result.TooNew).Should().Be((1, 1));
    }

    [Fact]
    public void What_no_store_could_hold_goes_no_further()
    {
        using var head = new Head(HeadOptions.Default);
        using SampleBatch batch = Batch(("m", long.MinValue, 1), ("m", -1, 1), ("m", 0, 1), ("m", long.MaxValue, 1));
        Labels[] bad =
        [
            Labels.Of([.. Enumerable.Range(0, SeriesBounds.MaxLabels + 1).Select(i => new Label($"l{i}", "v"))]),
            Labels.Of("m", (new string('n', SeriesBounds.MaxNameLength + 1), "v")),
            Labels.Of("m", ("l", new string('v', SeriesBounds.MaxValueLength + 1))),
            Labels.Of([.. Enumerable.Range(0, 5).Select(i => new Label($"l{i}", new string('v', SeriesBounds.MaxValueLength)))]),
        ];
        foreach (Labels labels in bad)
        {
            batch.Add(labels, Now, 1);
            batch.Add(labels, 1, 1);
        }
        AppendResult result = head.Append(batch, Now);
        (result.BadTime, result.TooOld, result.TooNew, result.BadLabels).Should().Be((2, 1, 1, 8));
        batch.Times.ToArray().Should().Equal([0], "the store takes what is merely old");
        head.SeriesCount.Should().Be(0);
    }

    [Fact]
    public void Samples_out_of_order_are_counted_and_stay_for_the_store()
    {
        using var head = new Head(HeadOptions.Default);
        using SampleBatch batch =
            Batch(("m", Now, 1), ("m", Now + 1000, 2), ("m", Now + 500, 3), ("m", Now + 1000, 2), ("m", Now + 1000, 9));
        head.Append(batch, Now).Should()
            .Be(new AppendResult(
                Appended: 2, Duplicate: 1, OutOfOrder: 2, TooOld: 0, TooNew: 0, LimitReached: 0, BadTime: 0, BadLabels: 0, MemoryShort: 0,
                NewSeries: 1));
        batch.Count.Should().Be(5);
        Read(head, "m").Should().Equal((Now, 1), (Now + 1000, 2));
    }

    [Fact]
    public void What_is_older_than_the_window_is_counted_and_what_comes_from_the_far_future_is_taken_out()
    {
        using var head = new Head(HeadOptions.Default);
        using SampleBatch batch = Batch(("old", Now - 7_200_001, 1), ("new", Now + 600_001, 1), ("ok", Now, 1));
        AppendResult result = head.Append(batch, Now);
        (result.TooOld, result.TooNew, result.Appended).Should().Be((1, 1, 1));
        batch.Series.ToArray().Select(s => s.Name).Should().Equal("old", "ok");
    }

    [Fact]
    public void A_source_beyond_its_limit_begins_no_series_and_hurts_no_other()
    {
        using var head = new Head(HeadOptions.Default with { MaxSeriesPerSource = 2 });
        using SampleBatch first = Batch(("a", Now, 1), ("b", Now, 1), ("c", Now, 1));
        head.Append(first, Now).LimitReached.Should().Be(1);
        using SampleBatch again = Batch(("a", Now + 1, 1), ("d", Now + 1, 1));
        (head.Append(again, Now) is { Appended: 1, LimitReached: 1 }).Should().BeTrue("known series go on");
        using var other = new SampleBatch("other");
        other.Add(Labels.Of("c"), Now, 1);
        head.Append(other, Now).Appended.Should().Be(1);
        head.Sources.Single(s => s.Source == "test").Refused.Should().Be(2);
    }

    [Fact]
    public void The_window_moves_on_and_series_without_samples_leave_it()
    {
        using var head = new Head(HeadOptions.Default with { Window = TimeSpan.FromMinutes(10) });
        for (int i = 0; i < 300; i++)
        {
            using SampleBatch batch = i < 10
                ? Batch(("gone", Now + (i * 15_000), i), ("stays", Now + (i * 15_000), i))
                : Batch(("stays", Now + (i * 15_000), i));
            head.Append(batch, Now + (i * 15_000));
        }
        long end = Now + (300 * 15_000);
        head.Truncate(end).Should().Be(1);
        head.Find(Labels.Of("gone")).Should().BeNull();
        head.Select([new LabelMatcher("__name__", MatchKind.Regex, "gone|stays")]).Should().ContainSingle();
        Read(head, "stays")[0].Time.Should().BeGreaterThan(Now, "whole chunks before the window are dropped");
        using SampleBatch back = Batch(("gone", end, 1));
        head.Append(back, end).NewSeries.Should().Be(1, "its slot can be used again");
        head.Select([new LabelMatcher("__name__", MatchKind.Equal, "gone")]).Should().ContainSingle();
    }

    [Theory]
    [InlineData("job", MatchKind.Equal, "api", "a b")]
    [InlineData("job", MatchKind.NotEqual, "api", "c d")]
    [InlineData("job", MatchKind.Regex, "a.*|", "a b d")]
    [InlineData("job", MatchKind.NotRegex, "a.*", "c d")]
    [InlineData("zone", MatchKind.Equal, "", "b c d")]
    [InlineData("zone", MatchKind.NotEqual, "", "a")]
    [InlineData("job", MatchKind.Regex, "ap", "")]
    public void Matchers_select_as_PromQL_defines(string label, MatchKind kind, string value, string expected)
    {
        using var head = new Head(HeadOptions.Default);
        using var batch = new SampleBatch("test");
        batch.Add(Labels.Of("m", ("n", "a"), ("job", "api"), ("zone", "1")), Now, 1);
        batch.Add(Labels.Of("m", ("n", "b"), ("job", "api")), Now, 1);
        batch.Add(Labels.Of("m", ("n", "c"), ("job", "db")), Now, 1);
        batch.Add(Labels.Of("m", ("n", "d")), Now, 1);
        head.Append(batch, Now);
        List<HeadSeries> found = head.Select([new LabelMatcher("__name__", MatchKind.Equal, "m"), new LabelMatcher(label, kind, value)]);
        string.Join(' ', found.Select(f => f.Labels["n"]).Order()).Should().Be(expected);
    }

    [Fact]
    public void The_newest_sample_ends_with_a_stale_marker()
    {
        using var head = new Head(HeadOptions.Default);
        using SampleBatch batch = Batch(("m", Now, 1), ("m", Now + 15_000, StaleMarker.Value));
        head.Append(batch, Now);
        HeadSeries series = head.Find(Labels.Of("m"))!;
        series.TryLast(Now + 20_000, Now - 300_000, out _).Should().BeFalse();
        series.TryLast(Now + 10_000, Now - 300_000, out Sample before).Should().BeTrue("at that moment it was still there");
        before.Value.Should().Be(1);
        series.TryLast(Now, Now, out _).Should().BeFalse("the lookback does not include its own start");
    }

    [Fact]
    public void Appending_a_known_series_allocates_nothing()
    {
        using var head = new Head(HeadOptions.Default);
        Labels[] series = [.. Enumerable.Range(0, 100).Select(i => Labels.Of("m", ("i", $"{i}")))];
        using var batch = new SampleBatch("test", 128);
        int round = 0;
        Allocations.Of(() => head.Append(batch, Now), prepare: () =>
        {
            batch.Keep(new bool[batch.Count]);
            foreach (Labels one in series)
                batch.Add(one, Now + round, 1);
            round++;
        }).Should().Be(0);
    }

    private static SampleBatch Batch(params (string Name, long Time, double Value)[] rows)
    {
        var batch = new SampleBatch("test");
        foreach ((string name, long time, double value) in rows)
            batch.Add(Labels.Of(name), time, value);
        return batch;
    }

    private static List<(long Time, double Value)> Read(Head head, string name)
    {
        var samples = new SampleBuffer();
        head.Find(Labels.Of(name))!.Read(long.MinValue, long.MaxValue, samples);
        return [.. samples.Times.ToArray().Zip(samples.Values.ToArray())];
    }
}
