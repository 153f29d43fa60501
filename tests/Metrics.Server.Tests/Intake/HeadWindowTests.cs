using Metrics.Intake;
using Metrics.Model;
using Metrics.Series;
using Metrics.Telemetry;
using Microsoft.Extensions.Logging.Abstractions;

namespace Metrics.Tests.Intake;

/// <summary>The head keeps less while memory is short, never less than ten minutes, and all of it again afterwards.</summary>
public sealed class HeadWindowTests
{
    [Fact]
    public void The_window_shrinks_step_by_step_and_grows_again()
    {
        using var head = new Head(HeadOptions.Default);
        var metrics = new IntakeMetrics(new MetricRegistry());
        var budget = new MemoryBudget(new MemoryLimit(64L << 30, "test", IsHard: true), TimeProvider.System);
        var window = new HeadWindow(head, budget, metrics, NullLogger<HeadWindow>.Instance);
        long now = 1_800_000_000_000;
        foreach (int minutes in new[] { 115, 90, 5 })
        {
            using var batch = new SampleBatch("t");
            batch.Add(Labels.Of("m", ("minutes", $"{minutes}")), now - (minutes * 60_000), 1);
            head.Append(batch, now);
        }
        window.Truncate(now);
        (head.SeriesCount, head.CompleteSince).Should().Be((3, 0));
        window.Adjust(0.9);
        head.Truncate(now, window.Current);
        window.Current.Should().BeCloseTo(TimeSpan.FromMinutes(80), TimeSpan.FromMinutes(1));
        head.SeriesCount.Should().Be(1);
        head.CompleteSince.Should().Be(now - (long)window.Current.TotalMilliseconds, "what lies before is the store's to answer");
        for (int i = 0; i < 10; i++)
            window.Adjust(0.9);
        window.Current.Should().Be(TimeSpan.FromMinutes(10));
        head.Truncate(now, window.Current);
        head.SeriesCount.Should().Be(1);
        window.Adjust(0.5);
        window.Current.Should().Be(TimeSpan.FromMinutes(10), "in between it stays as it is");
        for (int i = 0; i < 10; i++)
            window.Adjust(0.1);
        window.Current.Should().Be(head.Options.Window);
    }
}
