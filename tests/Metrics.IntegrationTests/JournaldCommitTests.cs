using Metrics.Hosting;
using Metrics.Inputs;
using Metrics.Inputs.Journald;
using Metrics.Model;
using Metrics.Storage;
using Metrics.Storage.Events;
using Metrics.Telemetry;
using Microsoft.Extensions.Logging.Abstractions;
using EventLog = Metrics.Storage.Events.EventLog;

namespace Metrics.IntegrationTests;

/// <summary>A real journal, and an event log that refuses every third commit for a while.</summary>
public sealed class JournaldCommitTests
{
    [Fact]
    public async Task What_could_not_be_stored_is_read_again_and_nothing_else_is()
    {
        const int Count = 30_000;
        using var journal = new Journal();
        await journal.WriteAsync(Enumerable.Range(0, Count).Select(i => $"number {i}"));
        string root = Directory.CreateTempSubdirectory("journald").FullName;
        MetricsOptions options = MetricsOptions.Parse(
            $"storage: {{ path: '{root}' }}\ninputs: {{ journald: [ {{ directory: '{journal.Folder}', start: beginning }} ] }}");
        await using var log = new EventLog(
            options.Storage, new EventLogOptions(), new EventLogMetrics(new MetricRegistry()), TimeProvider.System,
            NullLogger<EventLog>.Instance);
        log.Open();
        // Each costs two starts of journalctl, and what was read until then.
        var sink = new FailingSink(log, most: 20);
        JournaldOptions input = options.Inputs.Inputs.OfType<JournaldOptions>().Single();
        using var stop = new CancellationTokenSource();
        Task running = RunAsync(input.Create(new InputTools(null!, log, TimeProvider.System)), sink, stop.Token);
        List<string> bodies = [];
        await Eventually.Async(async () => (bodies = await BodiesAsync(log)).Count >= Count, "all entries are there");
        await stop.CancelAsync();
        await running;
        bodies.Should().Equal(Enumerable.Range(0, Count).Select(i => $"number {i}"));
        sink.Failures.Should().BeGreaterThan(1);
        TestContext.Current.TestOutputHelper?.WriteLine($"{sink.Commits} commits, {sink.Failures} of them failed");
        Directory.Delete(root, recursive: true);
    }

    /// <summary>Starts it again where it fails, as the frame does.</summary>
    private static async Task RunAsync(IInput input, FailingSink sink, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await input.RunAsync(sink, stop, stop);
            }
            catch (Exception e) when (e is StoreException or OperationCanceledException)
            {
                // Once more, from what is stored.
            }
        }
    }

    private static async Task<List<string>> BodiesAsync(EventLog log)
    {
        var bodies = new List<string>();
        await foreach (EventBatch batch in log.ReadAsync(new EventQuery(), CancellationToken.None))
        {
            using (batch)
                bodies.AddRange(Enumerable.Range(0, batch.Count).Select(row => batch.ToEvent(row).Body));
        }
        return bodies;
    }
}
