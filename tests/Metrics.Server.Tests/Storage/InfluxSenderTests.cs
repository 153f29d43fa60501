using Metrics.Hosting;
using Metrics.Storage.Samples.Influx;
using Metrics.Telemetry;

namespace Metrics.Tests.Storage;

public sealed class InfluxSenderTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("sender").FullName;
    private readonly SaidLog<InfluxSender> _said = new();

    [Fact]
    public async Task What_the_disk_cannot_take_is_counted_said_once_and_hurts_nothing_that_comes_after()
    {
        InfluxOptions options = MetricsOptions.Parse("forward: { url: 'http://127.0.0.1:1' }").Forward!.AsInflux();
        var metrics = new InfluxMetrics(new MetricRegistry());
        InfluxFlow flow = InfluxFlow.Events(_folder, metrics);
        await using var sender = new InfluxSender(options, flow, metrics, TimeProvider.System, _said);
        sender.Open();
        Directory.Delete(flow.Folder, true);
        await File.WriteAllTextAsync(flow.Folder, "in its place");
        sender.SpoolOrDrop("a v=1 1\nb v=1 1\n"u8.ToArray(), 2);
        sender.SpoolOrDrop("c v=1 1\n"u8.ToArray(), 1);
        flow.Dropped.WithLabels("spool_unwritable").Value.Should().Be(3);
        _said.Messages.Should().ContainSingle(m => m.StartsWith("Lines for the central metricsd", StringComparison.Ordinal));
        File.Delete(flow.Folder);
        sender.SpoolOrDrop("d v=1 1\n"u8.ToArray(), 1);
        flow.Dropped.WithLabels("spool_unwritable").Value.Should().Be(3);
        sender.OldestAge().Should().BeGreaterThanOrEqualTo(0);
    }

    public void Dispose() => Directory.Delete(_folder, true);
}
