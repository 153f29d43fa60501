using Metrics.Hosting;
using Metrics.Inputs;
using Metrics.Inputs.Logs;
using Metrics.Model;
using Metrics.Storage.Events;
using Metrics.Tests.Access;
using Microsoft.Extensions.DependencyInjection;
using EventLog = Metrics.Storage.Events.EventLog;

namespace Metrics.Tests.Inputs.Logs;

/// <summary>The configuration of a service's log, as the whole daemon watches it beside the log.</summary>
public sealed class LogConfigInputTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("config").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_change_is_an_event_with_old_and_new_value_and_what_was_there_at_the_start_is_none()
    {
        string file = Path.Combine(_folder, "nova.conf");
        Directory.CreateDirectory(Path.Combine(_folder, "nova.conf.d"));
        await File.WriteAllTextAsync(file, "[DEFAULT]\ndebug = true\nlog_file = /var/log/nova.log\ntransport_url = rabbit://a:b@c\n");
        await using RunningDaemon daemon = await StartAsync();
        await Eventually.Async(async () => (await PositionsAsync(daemon)).Count == 1, "what it says first is known");

        await File.WriteAllTextAsync(file, "[DEFAULT]\nlog_file = /var/log/nova.log\nuse_json = true\ntransport_url = rabbit://x:y@z\n");
        await Eventually.Async(async () => (await EventsAsync(daemon)).Count == 2, "both changes are told");
        // An editor's way, and a file of a folder that goes before it.
        await File.WriteAllTextAsync(file + "~", "[DEFAULT]\nuse_json = true\n");
        File.Move(file + "~", file, overwrite: true);
        await File.WriteAllTextAsync(Path.Combine(_folder, "nova.conf.d", "log.conf"), "[DEFAULT]\nlog_file = /dev/null\n");
        await Eventually.Async(async () => (await EventsAsync(daemon)).Count == 3, "the change in the other file is told");

        List<Event> events = await EventsAsync(daemon);
        events.Select(e => (e.Kind, e.SeverityNumber, Text(e, EventFields.ConfigOption), Text(e, EventFields.ConfigOld),
            Text(e, EventFields.ConfigNew))).Should().Equal(
            (EventKinds.LogLowered, Severity.Warning, "DEFAULT.debug", "true", null),
            (EventKinds.ConfigChanged, Severity.Notice, "DEFAULT.use_json", null, "true"),
            (EventKinds.LogLowered, Severity.Warning, "DEFAULT.log_file", "/var/log/nova.log", "/dev/null"));
        events[0].Body.Should().Be("nova: debug was changed from true to its default: lines of level DEBUG are no longer written");
        events.Should().OnlyContain(e => Text(e, EventFields.Service) == "nova" && Text(e, "labels.rack") == "r7"
            && Text(e, EventFields.Host) == Environment.MachineName && Text(e, EventFields.FilePath) == file);
    }

    [Fact]
    public async Task A_file_that_is_not_there_is_said_and_is_no_change()
    {
        string file = Path.Combine(_folder, "nova.conf");
        await using RunningDaemon daemon = await StartAsync();
        await Eventually.Async(() => Errors(daemon) == 1, "that there is no file is counted");
        await File.WriteAllTextAsync(file, "[DEFAULT]\ndebug = true\n");
        await Eventually.Async(async () => (await PositionsAsync(daemon)).Count == 1, "it is read once it is there");
        File.Delete(file);
        await Eventually.Async(() => Errors(daemon) == 2, "that it is gone is counted");
        (await EventsAsync(daemon)).Should().BeEmpty();
    }

    [Theory]
    [InlineData("no JSON")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{"Files":null,"Options":null}""")]
    [InlineData("""{"Files":[null],"Options":{"debug":null}}""")]
    public async Task What_is_stored_of_it_may_be_damaged(string state)
    {
        string file = Path.Combine(_folder, "nova.conf");
        await File.WriteAllTextAsync(file, "[DEFAULT]\ndebug = true\n");
        await using RunningDaemon daemon = await RunningDaemon.StartAsync("");
        EventLog log = daemon.Services.GetRequiredService<EventLog>();
        using var batch = new EventBatch("logs/nova/config", 1);
        batch.Add(new SourcePosition("logs/nova/config", "options", state));
        await log.WriteAsync([batch], default);
        LogConfigOptions options = MetricsOptions.Parse(
            $"inputs: {{ logs: [ {{ name: nova, paths: ['{_folder}/*.log'], config: ['{file}'] }} ] }}")
            .Inputs.Inputs.OfType<LogConfigOptions>().Single();
        var sink = new CollectingSink();
        using var stop = new CancellationTokenSource();
        Task running = options.Create(new InputTools(null!, log, TimeProvider.System)).RunAsync(sink, stop.Token, default);
        await Eventually.Async(() => sink.Batches == 1 || running.IsCompleted, "what it says is stored");
        await File.WriteAllTextAsync(file, "[DEFAULT]\nuse_json = true\n");
        (await sink.NextAsync()).Kind.Should().BeOneOf(EventKinds.ConfigChanged, EventKinds.LogLowered);
        await stop.CancelAsync();
        await running;
    }

    private Task<RunningDaemon> StartAsync() => RunningDaemon.StartAsync(
        $"inputs: {{ logs: [ {{ name: nova, paths: ['{_folder}/*.log'], labels: {{ rack: r7 }}, "
        + $"config: ['{_folder}/nova.conf', '{_folder}/nova.conf.d/*.conf'] }} ] }}");

    private static long Errors(RunningDaemon daemon) => daemon.Services.GetRequiredService<InputRunner>().Inputs
        .Single(i => i.Options.Name == "logs/nova/config").Counters.Of(InputError.Unreadable);

    private static Task<IReadOnlyList<SourcePosition>> PositionsAsync(RunningDaemon daemon) =>
        daemon.Services.GetRequiredService<EventLog>().PositionsAsync("logs/nova/config", default);

    private static string? Text(Event one, string field) => one.Fields.FirstOrDefault(f => f.Name == field).Value;

    private static async Task<List<Event>> EventsAsync(RunningDaemon daemon)
    {
        var events = new List<Event>();
        await foreach (EventBatch batch in daemon.Services.GetRequiredService<EventLog>().ReadAsync(new EventQuery(), default))
        {
            using (batch)
                events.AddRange(Enumerable.Range(0, batch.Count).Select(batch.ToEvent));
        }
        return events;
    }
}
