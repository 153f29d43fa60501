using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Metrics.IntegrationTests;

/// <summary>Real journals, read by the real journalctl: every entry comes once.</summary>
public sealed class JournaldTests
{
    [Fact]
    public async Task Entries_come_with_their_fields_and_with_what_their_messages_say()
    {
        using var journal = new Journal();
        await journal.WriteAsync(
        [
            Journal.Fields(("_HOSTNAME", "node1"), ("PRIORITY", "6"), ("SYSLOG_IDENTIFIER", "sshd"), ("_COMM", "sshd-session"),
                ("_SYSTEMD_UNIT", "ssh.service"), ("_PID", "77"), ("SYSLOG_FACILITY", "10"),
                ("MESSAGE", "Accepted publickey for root from 192.0.2.7 port 22 ssh2"),
                ("_SOURCE_REALTIME_TIMESTAMP", $"{Journal.FirstTime - 5}")),
            [.. Journal.Fields(("_COMM", "tool"), ("PRIORITY", "3")), .. Journal.Field("MESSAGE", [.. "bytes \0\u0001\n"u8, 0xFF])],
            Journal.Fields(("MESSAGE", new string('x', 50_000))),
            Journal.Fields(("MESSAGE", new string('y', 100_000))),
            Journal.Fields(("PRIORITY", "4")),
        ]);
        await using Daemon daemon = await StartAsync(journal, "start: beginning");
        List<JsonElement> events = await UntilAsync(daemon, 5);

        events[0].GetProperty("severity_number").GetInt32().Should().Be(9);
        Time(events[0]).Should().Be(DateTimeOffset.UnixEpoch.AddMicroseconds(Journal.FirstTime - 5));
        foreach ((string field, string value) in new[]
        {
            ("kind", "host.login"), ("body", "Accepted publickey for root from 192.0.2.7 port 22 ssh2"), ("host.name", "node1"),
            ("log.level", "info"), ("service.name", "sshd"), ("process.name", "sshd"), ("process.pid", "77"), ("user.name", "root"),
            ("systemd.unit", "ssh.service"), ("log.syslog.facility.name", "authpriv"), ("source.ip", "192.0.2.7"),
        })
            Text(events[0], field).Should().Be(value, field);

        Text(events[1], "body").Should().Be("bytes \0\u0001\n\uFFFD");
        (Text(events[1], "kind"), Text(events[1], "service.name"), Text(events[1], "log.level")).Should().Be(("log", "tool", "err"));
        Text(events[1], "host.name").Should().Be(Environment.MachineName, "it names none");
        Time(events[1]).Should().Be(DateTimeOffset.UnixEpoch.AddMicroseconds(Journal.FirstTime + 1_000_001));
        Text(events[2], "body").Should().Be(new string('x', 50_000), "journalctl's JSON has no message of more than 4096 bytes");
        Text(events[3], "body").Should().HaveLength(64 * 1024);
        Text(events[4], "log.level").Should().Be("warning");
        Text(events[4], "body").Should().BeEmpty();
        (await daemon.OwnAsync("metricsd_input_errors_total")).Should().Be(1, "one message was cut");
    }

    [Fact]
    public async Task Nothing_is_lost_or_twice_when_the_daemon_is_killed_in_the_middle()
    {
        const int Count = 30_000;
        using var journal = new Journal();
        await journal.WriteAsync(Numbers(0, 10_000));
        await using Daemon daemon = await StartAsync(journal, "start: beginning");
        Task writing = WriteSlowlyAsync(journal, 10_000, Count);
        for (int kill = 0; kill < 4; kill++)
        {
            double before = await daemon.OwnAsync("metricsd_input_events_total");
            await Eventually.Async(async () => await daemon.OwnAsync("metricsd_input_events_total") > before + 500
                || writing.IsCompleted, $"events before kill {kill}");
            daemon.Kill();
            await Eventually.Async(() => Task.FromResult(journal.Readers().Count == 0), "journalctl goes with the daemon");
            await daemon.StartAgainAsync();
        }
        await writing;
        Numbers(await UntilAsync(daemon, Count)).Should().Equal(Enumerable.Range(0, Count));
        TestContext.Current.TestOutputHelper?.WriteLine($"{Count} entries, 4 kills");
    }

    [Fact]
    public async Task Nothing_is_lost_or_twice_when_journalctl_is_killed()
    {
        using var journal = new Journal();
        await journal.WriteAsync(Numbers(0, 1000));
        await using Daemon daemon = await StartAsync(journal, "start: beginning");
        await UntilAsync(daemon, 1000);
        foreach (int reader in journal.Readers())
            Process.GetProcessById(reader).Kill();
        await journal.WriteAsync(Numbers(1000, 1000));
        Numbers(await UntilAsync(daemon, 2000)).Should().Equal(Enumerable.Range(0, 2000));
        (await InputAsync(daemon)).GetProperty("lastError").GetString().Should().StartWith("journalctl ended with 137");
    }

    [Fact]
    public async Task The_first_start_begins_at_the_end_and_the_next_where_the_first_did()
    {
        using var journal = new Journal();
        await journal.WriteAsync(Numbers(0, 10));
        await using Daemon daemon = await StartAsync(journal);
        await RunningAsync(daemon);
        daemon.Kill();
        await journal.WriteAsync(Numbers(10, 10));
        await daemon.StartAgainAsync();
        await UntilAsync(daemon, 10);
        await journal.WriteAsync(Numbers(20, 10));
        Numbers(await UntilAsync(daemon, 20)).Should().Equal(Enumerable.Range(10, 20));
    }

    [Fact]
    public async Task A_folder_that_is_empty_at_the_first_start_is_read_from_its_first_entry_on()
    {
        using var journal = new Journal();
        await using Daemon daemon = await StartAsync(journal);
        await RunningAsync(daemon);
        await journal.WriteAsync(Numbers(0, 10));
        Numbers(await UntilAsync(daemon, 10)).Should().Equal(Enumerable.Range(0, 10));
    }

    [Fact]
    public async Task Entries_of_units_that_are_not_asked_for_are_left_out()
    {
        using var journal = new Journal();
        await journal.WriteAsync(Numbers(0, 5), "ssh.service");
        await journal.WriteAsync(Numbers(5, 5), "cron.service");
        await journal.WriteAsync(Numbers(10, 5), "nova-api.service");
        await using Daemon daemon = await StartAsync(journal, "start: beginning, units: [ssh, 'nova-*']");
        await journal.WriteAsync(Numbers(15, 5), "cron.service");
        await journal.WriteAsync(Numbers(20, 5), "ssh.service");
        Numbers(await UntilAsync(daemon, 15)).Should()
            .Equal([.. Enumerable.Range(0, 5), .. Enumerable.Range(10, 5), .. Enumerable.Range(20, 5)]);

        // With other units it goes on where it was, also where there is nothing of them after that yet, and misses nothing.
        await daemon.ReloadAsync(Configuration(journal, "units: [cron]"));
        daemon.Kill();
        await daemon.StartAgainAsync();
        await RunningAsync(daemon);
        await journal.WriteAsync(Numbers(25, 5), "cron.service");
        List<JsonElement> events = await UntilAsync(daemon, 20);
        Numbers(events)[15..].Should().Equal(Enumerable.Range(25, 5));
        events.Should().OnlyContain(e => Text(e, "kind") == "log");
    }

    [Fact]
    public async Task Entries_of_all_boots_and_files_come()
    {
        using var journal = new Journal();
        await journal.WriteAsync(Numbers(0, 5));
        await using Daemon daemon = await StartAsync(journal, "start: beginning");
        await UntilAsync(daemon, 5);
        daemon.Kill();
        await journal.WriteAsync(Numbers(5, 5));
        await journal.WriteAsync(Numbers(10, 5), boot: "22222222222222222222222222222222");
        await journal.WriteAsync(Numbers(15, 5), boot: "33333333333333333333333333333333", file: "b");
        await daemon.StartAgainAsync();
        await UntilAsync(daemon, 20);
        await journal.WriteAsync(Numbers(20, 5), boot: "44444444444444444444444444444444", file: "b");
        Numbers(await UntilAsync(daemon, 25)).Should().Equal(Enumerable.Range(0, 25));
    }

    [Fact]
    public async Task Of_a_journal_that_was_vacuumed_the_rest_is_read_and_the_gap_noted()
    {
        using var journal = new Journal();
        await journal.WriteAsync(Numbers(0, 10));
        await using Daemon daemon = await StartAsync(journal, "start: beginning");
        await UntilAsync(daemon, 10);
        daemon.Kill();
        await journal.WriteAsync(Numbers(10, 10));
        // As journald names what it has closed.
        File.Move($"{journal.Folder}/a.journal", $"{journal.Folder}/a@{new string('a', 32)}-0000000000000001-0000000000000001.journal");
        await journal.WriteAsync(Numbers(20, 10), file: "b");
        (await journal.ControlAsync("--vacuum-files=1")).Should().Contain("Deleted archived journal");
        await daemon.StartAgainAsync();
        List<JsonElement> events = await UntilAsync(daemon, 21);
        (Text(events[10], "kind"), Text(events[10], "log.file.path")).Should().Be(("log.gap", journal.Folder));
        events[10].GetProperty("severity_number").GetInt32().Should().Be(13);
        Text(events[10], "body").Should().Be("journald/test was read up to the entry of 2026-09-21T14:13:29.000009000Z, which is gone; "
            + "what was written after it and before 2026-09-21T14:13:40.000020000Z may be lost");
        (await daemon.GetAsync("/api/v1/logs/ledger?from=2026-09-21T14:13:30Z&to=2026-09-21T14:13:35Z")).Should()
            .Contain("\"complete\":false").And.Contain("\"source\":\"journald/test\"").And.Contain("\"reason\":\"gone\"")
            .And.Contain("\"fromTime\":\"2026-09-21T14:13:29.000009000Z\",\"toTime\":\"2026-09-21T14:13:40.000020000Z\"");
        events.RemoveAt(10);
        Numbers(events).Should().Equal([.. Enumerable.Range(0, 10), .. Enumerable.Range(20, 10)]);

        daemon.Kill();
        await daemon.StartAgainAsync();
        await journal.WriteAsync(Numbers(30, 10), file: "b");
        (await UntilAsync(daemon, 31)).Should().HaveCount(31, "the gap is noted once");
    }

    [Fact]
    public async Task A_journal_that_was_emptied_and_begins_with_older_times_is_read_too()
    {
        using var old = new Journal();
        await old.WriteAsync(Numbers(0, 10));
        string older = $"{old.Folder}/a.journal";
        using var journal = new Journal();
        await journal.WriteAsync(Numbers(0, 20));
        await using Daemon daemon = await StartAsync(journal, "start: beginning");
        await UntilAsync(daemon, 20);
        daemon.Kill();
        File.Delete($"{journal.Folder}/a.journal");
        File.Copy(older, $"{journal.Folder}/b.journal");
        await daemon.StartAgainAsync();
        List<JsonElement> events = await UntilAsync(daemon, 31);
        Text(events[20], "kind").Should().Be("log.gap");
        Numbers(events[21..]).Should().Equal(Enumerable.Range(0, 10));
    }

    [Fact]
    public async Task A_folder_that_is_missing_is_an_error_in_journalctls_words_and_read_once_it_is_there()
    {
        using var journal = new Journal();
        Directory.Delete(journal.Folder);
        await using Daemon daemon = await StartAsync(journal, "start: beginning");
        await Eventually.Async(async () => (await InputAsync(daemon)).GetProperty("lastError").GetString()
            == $"journalctl ended with 1: Failed to open {journal.Folder}: No such file or directory", "the error is shown");
        (await daemon.OwnAsync("metricsd_input_up")).Should().Be(1, "push alone is up");
        Directory.CreateDirectory(journal.Folder);
        await journal.WriteAsync(Numbers(0, 10));
        Numbers(await UntilAsync(daemon, 10)).Should().Equal(Enumerable.Range(0, 10));
    }

    [Fact]
    public async Task Without_journalctl_the_input_says_so_and_the_others_go_on()
    {
        using var journal = new Journal();
        string programs = Directory.CreateTempSubdirectory("programs").FullName;
        string dotnet = Environment.GetEnvironmentVariable("PATH")!.Split(':').Select(p => Path.Combine(p, "dotnet")).First(File.Exists);
        File.CreateSymbolicLink(Path.Combine(programs, "dotnet"), dotnet);
        await using Daemon daemon = await Daemon.StartAsync(
            Configuration(journal, ""), new Dictionary<string, string> { ["PATH"] = programs });
        await Eventually.Async(async () => (await InputAsync(daemon)).GetProperty("lastError").GetString()
            is { } error && error.StartsWith("journalctl cannot be started: ", StringComparison.Ordinal), "the error is shown");
        (await daemon.OwnAsync("metricsd_input_up")).Should().Be(1, "push alone is up");
        Directory.Delete(programs, recursive: true);
    }

    private static Task<Daemon> StartAsync(Journal journal, string keys = "") => Daemon.StartAsync(Configuration(journal, keys));

    private static string Configuration(Journal journal, string keys) =>
        $"host: {{ enabled: false }}\ninputs:\n  journald: [ {{ name: test, directory: '{journal.Folder}'"
            + $"{(keys.Length > 0 ? ", " : "")}{keys} }} ]\n";

    private static IEnumerable<string> Numbers(int from, int count) => Enumerable.Range(from, count).Select(i => $"number {i}");

    private static List<int> Numbers(IEnumerable<JsonElement> events) =>
        [.. events.Select(e => int.Parse(Text(e, "body").Split(' ')[1], CultureInfo.InvariantCulture))];

    private static async Task WriteSlowlyAsync(Journal journal, int from, int to)
    {
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(200), TimeProvider.System);
        for (int i = from; i < to; i += 250)
        {
            await journal.WriteAsync(Numbers(i, 250));
            await pace.WaitForNextTickAsync();
        }
    }

    private static string Text(JsonElement one, string field) => one.Text(field);

    private static DateTimeOffset Time(JsonElement one) => DateTimeOffset.Parse(Text(one, "time"), CultureInfo.InvariantCulture);

    private static Task<JsonElement> InputAsync(Daemon daemon) => daemon.InputAsync("journald/test");

    private static Task RunningAsync(Daemon daemon) => Eventually.Async(
        async () => (await InputAsync(daemon)).GetProperty("state").GetString() == "running", "the input takes in");

    private static Task<List<JsonElement>> UntilAsync(Daemon daemon, int count) => daemon.EventsAsync(count);
}
