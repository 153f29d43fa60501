using Metrics.Hosting;
using Metrics.Inputs;
using Metrics.Inputs.OpenStack;
using Metrics.Model;
using Metrics.Storage;
using Metrics.Storage.Events;
using Metrics.Telemetry;
using Microsoft.Extensions.Logging.Abstractions;
using EventLog = Metrics.Storage.Events.EventLog;

namespace Metrics.IntegrationTests;

/// <summary>
/// A real RabbitMQ, and an event log at which every third commit fails: before it is made, or after, so that nothing is acknowledged.
/// </summary>
[Collection<RabbitMqTests>]
public sealed class NotificationCommitTests(RabbitMq rabbit, ITestOutputHelper output)
{
    private const int Count = 6_000;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_was_not_acknowledged_is_delivered_again_and_what_of_it_was_stored_is_not_twice(bool isStored)
    {
        await using OsloSender sender = await OsloSender.ConnectAsync(rabbit, "commit");
        await sender.DeclareAsync("nova");
        MetricsOptions options = Options($"stored {isStored}");
        NotificationsOptions one = options.Inputs.Inputs.OfType<NotificationsOptions>().Single();
        // One that an operator has declared is taken as it is.
        var kind = new Dictionary<string, object?> { ["x-queue-type"] = isStored ? "quorum" : "classic" };
        await sender.Channel.QueueDeclareAsync(one.Queue, durable: true, exclusive: false, autoDelete: false, kind);
        await sender.Channel.QueueBindAsync(one.Queue, "nova", "notifications.*");
        foreach (int[] some in Enumerable.Range(0, Count).Chunk(500))
            await Task.WhenAll(some.Select(i => sender.SendAsync(OsloSender.Numbered(i), "nova")));
        await using EventLog log = Open(options);
        var sink = new FailingSink(log, isStored);
        using var stop = new CancellationTokenSource();
        long start = TimeProvider.System.GetTimestamp();
        Task running = RunAsync(one.Create(new InputTools(null!, log, TimeProvider.System)), sink, stop.Token);
        await Eventually.Async(
            async () => await sender.Channel.MessageCountAsync(one.Queue) == 0 && (await NumbersAsync(log)).Count >= Count,
            "all are there");
        TimeSpan took = TimeProvider.System.GetElapsedTime(start);
        await stop.CancelAsync();
        await running;
        (await NumbersAsync(log)).Should().Equal(Enumerable.Range(0, Count).Select(i => $"{i}"));
        sink.Failures.Should().BeGreaterThan(1);
        long repeated = sink.Counters.Of(InputDrop.Repeated);
        (repeated > 0).Should().Be(isStored);
        output.WriteLine($"{sink.Commits} commits, {sink.Failures} of them failed, {repeated} came again, {took.TotalSeconds:F1} s");
        Directory.Delete(options.Storage.Path, recursive: true);
    }

    [Fact]
    public async Task That_a_queue_was_deleted_is_noted_once_also_where_it_cannot_be_stored_at_first()
    {
        await using OsloSender sender = await OsloSender.ConnectAsync(rabbit, "commit");
        MetricsOptions options = Options("deleted");
        NotificationsOptions one = options.Inputs.Inputs.OfType<NotificationsOptions>().Single();
        await using EventLog log = Open(options);
        var sink = new FailingSink(log);
        for (int starts = 1; starts <= 3; starts++)
        {
            // The first commit of the third start is the one that fails.
            if (starts == 3)
                await sender.Channel.QueueDeleteAsync(one.Queue, false, false);
            using var stop = new CancellationTokenSource();
            Task running = RunAsync(one.Create(new InputTools(null!, log, TimeProvider.System)), sink, stop.Token);
            await Eventually.Async(() => sink.Starts >= starts, "it reads the queue");
            await stop.CancelAsync();
            await running;
        }
        sink.Failures.Should().Be(1);
        (await ReadAsync(log, (batch, row) => batch.Kinds[row])).Should().Equal(EventKinds.LogGap);
        Directory.Delete(options.Storage.Path, recursive: true);
    }

    private MetricsOptions Options(string name) => MetricsOptions.Parse(
        $"storage: {{ path: '{Directory.CreateTempSubdirectory("notifications").FullName}' }}\n"
        + $"inputs: {{ openstack: [ {{ name: '{name}', notifications: {{ {rabbit.Keys("commit")} }} }} ] }}");

    private static EventLog Open(MetricsOptions options)
    {
        var log = new EventLog(
            options.Storage, new EventLogOptions(), new EventLogMetrics(new MetricRegistry()), TimeProvider.System,
            NullLogger<EventLog>.Instance);
        log.Open();
        return log;
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
            catch (Exception e) when (e is StoreException or OperationCanceledException or IOException)
            {
                // Once more, from what is stored; RabbitMQ may take a moment to see that the last one is gone.
            }
        }
    }

    private static Task<List<string>> NumbersAsync(EventLog log) =>
        ReadAsync(log, (batch, row) => batch.Find(row, EventFields.ResourceId)!);

    private static async Task<List<string>> ReadAsync(EventLog log, Func<EventBatch, int, string> read)
    {
        var all = new List<string>();
        await foreach (EventBatch batch in log.ReadAsync(new EventQuery(), CancellationToken.None))
        {
            using (batch)
                all.AddRange(Enumerable.Range(0, batch.Count).Select(row => read(batch, row)));
        }
        return all;
    }
}
