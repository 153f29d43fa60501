using Metrics.Configuration;
using Metrics.Hosting;
using Metrics.Inputs.Logs;
using Metrics.Model;
using Metrics.Storage.Events;
using Metrics.Telemetry;
using Metrics.Tests.Access;
using Microsoft.Extensions.DependencyInjection;
using EventLog = Metrics.Storage.Events.EventLog;

namespace Metrics.Tests.Intake;

/// <summary><c>events.store</c> bounds what is kept, and nothing else: the whole daemon reads a real file, and is pushed to.</summary>
public sealed class StoredEventsTests : IDisposable
{
    private const string Plain = "2026-11-27 12:00:00.000 7 INFO nova.compute.manager [-] a plain line";
    private const string Unknown = "a line of no format";
    private const string Login = "Nov 27 12:00:00 edge-1 sshd[8]: Failed password for ann from 10.0.0.9 port 22 ssh2";

    private const string Pushed = """
        {"kind":"log","body":"pushed line"}
        {"kind":"host.login","body":"pushed login"}
        {"kind":"host.login","event.dataset":"sshd","body":"pushed login, read from a line"}
        """;

    private static readonly string[] s_pushed = ["pushed line", "pushed login", "pushed login, read from a line"];

    private readonly string _folder = Directory.CreateTempSubdirectory("stored").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("all", 3, 3)]
    [InlineData("parsed", 1, 3)]
    [InlineData("counts", 0, 1)]
    public async Task Of_lines_that_is_kept_which_is_asked_for_and_all_of_it_is_accounted_for(string store, int ofFile, int ofPushed)
    {
        string file = Path.Combine(_folder, "a.log");
        await File.WriteAllLinesAsync(file, [Plain, Unknown, Login]);
        await using RunningDaemon daemon = await StartAsync(store);
        await UntilReadAsync(daemon, file);
        // The end of the log is lost, which the collector notes; that is no line.
        await File.WriteAllTextAsync(file, "");
        await Eventually.Async(async () => (await KindsAsync(daemon)).Contains(EventKinds.LogTruncated), "the loss is noted, and kept");
        (await daemon.AskAsync("POST", "/api/v1/events", body: new StringContent(Pushed))).Status.Should().Be(204);

        List<(string Kind, string Body)> kept = await EventsAsync(daemon);
        kept.Count(e => e.Body is Plain or Unknown).Should().Be(store == "all" ? 2 : 0);
        kept.Count(e => e.Body == Login).Should().Be(store == "counts" ? 0 : 1);
        kept.Count(e => s_pushed.Contains(e.Body)).Should().Be(ofPushed);
        kept.Should().HaveCount(ofFile + ofPushed + 1);

        double received = await daemon.OwnAsync("metricsd_intake_events_received_total", "", "");
        double written = await daemon.OwnAsync("metricsd_event_log_events_written_total", "", "");
        double plain = await daemon.OwnAsync("metricsd_intake_events_not_stored_total", "\"plain_line\"", "");
        double lines = await daemon.OwnAsync("metricsd_intake_events_not_stored_total", "\"line\"", "");
        (received, written, plain, lines).Should().Be(
            (7, kept.Count, store == "parsed" ? 2 : 0, store == "counts" ? 5 : 0));
        Ledger ledger = daemon.Services.GetRequiredService<MetricRegistry>().Ledger;
        ledger.Look();
        ledger.Close().Should().BeEmpty("what is not stored is counted");
    }

    [Fact]
    public async Task Another_choice_holds_for_what_comes_next_and_positions_go_on()
    {
        string file = Path.Combine(_folder, "a.log");
        await File.WriteAllLinesAsync(file, [Plain]);
        await using RunningDaemon daemon = await StartAsync("all");
        await UntilReadAsync(daemon, file);
        Current<EventLogOptions> options = daemon.Services.GetRequiredService<Current<EventLogOptions>>();
        foreach (StoredEvents choice in new[] { StoredEvents.Counts, StoredEvents.Parsed, StoredEvents.All })
        {
            options.Value = options.Value with { Store = choice };
            await File.AppendAllLinesAsync(file, [$"{Plain} with {choice}", Login]);
            await UntilReadAsync(daemon, file);
        }
        (await EventsAsync(daemon)).Select(e => e.Body).Should().Equal(
            Plain, Login, $"{Plain} with All", Login);
    }

    [Theory]
    [InlineData("events: { store: some }", "events.store")]
    public void What_is_no_choice_is_refused_and_said_where(string yaml, string where)
    {
        Action parse = () => MetricsOptions.Parse(yaml);
        parse.Should().Throw<Exception>().WithMessage($"*{where}*");
    }

    private Task<RunningDaemon> StartAsync(string store) => RunningDaemon.StartAsync(
        $"events: {{ store: {store} }}\n"
        + $"inputs: {{ logs: [ {{ name: test, paths: ['{_folder}/*.log'], start: beginning, multiline: none }} ] }}");

    /// <summary>Waits until the whole file is read, and that is committed.</summary>
    private static async Task UntilReadAsync(RunningDaemon daemon, string file)
    {
        EventLog log = daemon.Services.GetRequiredService<EventLog>();
        long size = new FileInfo(file).Length;
        await Eventually.Async(
            async () => (await log.PositionsAsync("logs/test", default)).Any(p => FilePosition.From(p)?.Offset == size),
            $"{size} bytes are read and committed");
    }

    private static async Task<List<string>> KindsAsync(RunningDaemon daemon) => [.. (await EventsAsync(daemon)).Select(e => e.Kind)];

    private static async Task<List<(string Kind, string Body)>> EventsAsync(RunningDaemon daemon)
    {
        var events = new List<(string, string)>();
        await foreach (EventBatch batch in daemon.Services.GetRequiredService<EventLog>().ReadAsync(new EventQuery(), default))
        {
            using (batch)
            {
                for (int row = 0; row < batch.Count; row++)
                    events.Add((batch.Kinds[row], batch.ToEvent(row).Body));
            }
        }
        return events;
    }
}
