using Metrics.Formats;
using Metrics.Model;

namespace Metrics.Tests.Model;

public sealed class ModelTests
{
    [Theory]
    [InlineData("15s", 15_000)]
    [InlineData("1h30m", 5_400_000)]
    [InlineData("250ms", 250)]
    [InlineData("2d", 172_800_000)]
    [InlineData("0", 0)]
    public void A_duration_is_read_and_written_back(string text, long milliseconds)
    {
        Duration.TryParse(text, out TimeSpan duration).Should().BeTrue();
        duration.TotalMilliseconds.Should().Be(milliseconds);
        Duration.Parse(Duration.Format(duration)).Should().Be(duration);
    }

    [Theory]
    [InlineData("5")]
    [InlineData("")]
    [InlineData("5 s")]
    [InlineData("1m1h")]
    [InlineData("-5s")]
    [InlineData("99999999999999999999s")]
    [InlineData("9999999y")]
    public void What_is_no_duration_is_refused(string text) => Duration.TryParse(text, out _).Should().BeFalse();

    [Theory]
    [InlineData("64MiB", 67_108_864)]
    [InlineData("10MB", 10_000_000)]
    [InlineData("65536", 65_536)]
    public void A_size_is_read(string text, long bytes)
    {
        ByteSize.TryParse(text, out long size).Should().BeTrue();
        size.Should().Be(bytes);
    }

    [Fact]
    public void Labels_are_equal_whatever_their_order_and_without_empty_values()
    {
        Labels a = Labels.Of("up", ("job", "a"), ("instance", "b"), ("zone", ""));
        Labels b = Labels.Of(new Label("instance", "b"), new Label("__name__", "up"), new Label("job", "a"));
        a.Should().BeEquivalentTo(b);
        a.Equals(b).Should().BeTrue();
        a.GetHashCode().Should().Be(b.GetHashCode());
        a.ToString().Should().Be("up{instance=\"b\", job=\"a\"}");
    }

    [Fact]
    public void A_label_given_twice_is_named()
    {
        Labels.TryCreate([new("a", "1"), new("a", "2")], out _, out string? repeated).Should().BeFalse();
        repeated.Should().Be("a");
    }

    [Fact]
    public void The_fingerprint_is_the_one_that_Alertmanager_computes() =>
        // FNV-1a 64 of "alertname\xffT\xff": computed by hand from the published constants.
        Labels.Of(new Label("alertname", "T")).Fingerprint().Should().Be(Fnv("alertname\u00ffT\u00ff"));

    [Theory]
    [InlineData(0.0, "0")]
    [InlineData(1e21, "1e+21")]
    [InlineData(1e20, "100000000000000000000")]
    [InlineData(1.5e-7, "1.5e-07")]
    [InlineData(123456789.25, "123456789.25")]
    [InlineData(double.PositiveInfinity, "+Inf")]
    [InlineData(double.NaN, "NaN")]
    public void A_number_is_written_as_Prometheus_writes_it(double value, string text) => FloatText.Format(value).Should().Be(text);

    [Fact]
    public void A_batch_keeps_the_rows_that_a_mask_names()
    {
        using var batch = new SampleBatch("t", 2);
        Labels series = Labels.Of("m");
        for (int i = 0; i < 10; i++)
            batch.Add(series, i, i * 2);
        batch.Keep([true, false, true, false, false, false, false, false, false, true]);
        batch.Times.ToArray().Should().Equal(0, 2, 9);
        batch.Values.ToArray().Should().Equal(0, 4, 18);
    }

    [Fact]
    public void A_pool_gives_the_same_string_for_the_same_bytes()
    {
        var pool = new TextPool(64);
        pool.Get("größe"u8).Should().BeSameAs(pool.Get("größe"u8)).And.Be("größe");
    }

    private static string Fnv(string latin)
    {
        ulong hash = 14695981039346656037;
        foreach (char c in latin)
            hash = unchecked((hash ^ (byte)c) * 1099511628211);
        return hash.ToString("x16", System.Globalization.CultureInfo.InvariantCulture);
    }
}
