using System.Diagnostics;
using Metrics.Configuration;
using Metrics.Hosting;
using Metrics.Model;
using Metrics.Series;
using Metrics.Storage;
using Metrics.Storage.Events;
using Metrics.Telemetry;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using static Metrics.Tests.Storage.Events.EventLogFolder;
using EventLog = Metrics.Storage.Events.EventLog;

namespace Metrics.Tests.Storage.Events;

public sealed class EventLogTests : IDisposable
{
    private static readonly DateTimeOffset s_start = new(2026, 3, 10, 12, 0, 0, TimeSpan.Zero);

    private readonly FakeTimeProvider _time = new(s_start);
    private readonly EventLogFolder _folder;

    public EventLogTests() => _folder = new EventLogFolder(_time);

    [Fact]
    public async Task Every_event_comes_back_after_a_restart_as_it_was()
    {
        var batch = new EventBatch("t");
        batch.Add(Now + 1, Now, "identity.authenticate", 17, "a \"quoted\" body\nof two lines, ü");
        batch.AddField("host.name", "ctl-1");
        batch.AddField("user.name", "o'Neill \\ \"x\"");
        batch.AddField("source.ip", "2001:db8::1");
        await using (EventLog log = Open())
            await WriteAsync(log, batch);
        await using EventLog again = Open();
        Event read = (await ReadAsync(again, new EventQuery())).Should().ContainSingle().Subject;
        read.Should().BeEquivalentTo(new
        {
            Time = Now + 1, ObservedTime = Now, Kind = "identity.authenticate", SeverityNumber = (byte)17,
            Body = "a \"quoted\" body\nof two lines, ü",
        });
        read.Fields.Should().Equal(
            new EventField("host.name", "ctl-1"), new EventField("user.name", "o'Neill \\ \"x\""),
            new EventField("source.ip", "2001:db8::1"));
    }

    [Fact]
    public async Task Texts_are_left_out_for_those_who_need_fields_alone()
    {
        var batch = new EventBatch("t");
        batch.Add(Now, Now, "log", 9, "a text");
        batch.AddField("user.name", "ann");
        await using EventLog log = Open();
        await WriteAsync(log, batch);
        Event read = (await ReadAsync(log, new EventQuery { WithoutBody = true })).Should().ContainSingle().Subject;
        (read.Body, read.Fields.Single().Value).Should().Be(("", "ann"));
    }

    [Theory]
    [InlineData("a\0b")]
    [InlineData("\0")]
    [InlineData("")]
    [InlineData("\u0001\u007f\t\r\n\ufeff\U0001F600 end")]
    public async Task A_text_is_kept_whole_whatever_it_holds(string text)
    {
        await using EventLog log = Open();
        var batch = new EventBatch("t");
        batch.Add(Now, Now, "log", 9, text);
        batch.AddField("host.name", "h" + text);
        batch.AddField("user.name", "u" + text);
        await WriteAsync(log, batch);
        Event read = (await ReadAsync(log, new EventQuery())).Should().ContainSingle().Subject;
        read.Body.Should().Be(text);
        read["host.name"].Should().Be("h" + text);
        read["user.name"].Should().Be("u" + text);
    }

    [Fact]
    public async Task Ids_grow_over_restarts_and_when_the_clock_goes_back()
    {
        var ids = new List<long>();
        foreach (int hours in new[] { 0, 30, -20, 1 })
        {
            _time.AdjustTime(s_start.AddHours(hours));
            await using EventLog log = Open();
            await WriteAsync(log, Bodies("a", "b"));
            ids = [.. (await ReadAsync(log, new EventQuery())).Select(e => e.Id)];
        }
        ids.Should().HaveCount(8).And.BeInAscendingOrder().And.OnlyHaveUniqueItems();
    }

    [Theory]
    [InlineData("kind", MatchKind.Equal, "log", "1 2 3")]
    [InlineData("host", MatchKind.Equal, "a", "1 2")]
    [InlineData("host.name", MatchKind.NotEqual, "a", "3")]
    [InlineData("source_ip", MatchKind.Equal, "10.0.0.1", "1")]
    [InlineData("source.ip", MatchKind.NotEqual, "10.0.0.1", "2 3")]
    [InlineData("source.ip", MatchKind.Regex, "10\\..*", "1 2")]
    [InlineData("source_ip", MatchKind.NotRegex, "10\\..*", "3")]
    [InlineData("source_ip", MatchKind.Equal, "", "3")]
    [InlineData("source_ip", MatchKind.NotEqual, "", "1 2")]
    [InlineData("severity_number", MatchKind.Regex, "1[0-9]", "2")]
    [InlineData("body", MatchKind.Regex, "line.*two", "2")]
    [InlineData("user.name", MatchKind.Equal, "o'x\"y", "3")]
    public async Task A_matcher_finds_a_field_by_either_name(string name, MatchKind kind, string value, string found)
    {
        await using EventLog log = Open();
        var batch = new EventBatch("t");
        Add(batch, 9, "one", ("host.name", "a"), ("source.ip", "10.0.0.1"));
        Add(batch, 13, "line\ntwo", ("host.name", "a"), ("source.ip", "10.0.0.2"));
        Add(batch, 9, "three", ("user.name", "o'x\"y"));
        await WriteAsync(log, batch);
        List<Event> all = await ReadAsync(log, new EventQuery());
        List<Event> read = await ReadAsync(log, new EventQuery { Matchers = [new LabelMatcher(name, kind, value)] });
        string.Join(' ', read.Select(e => all.FindIndex(a => a.Id == e.Id) + 1)).Should().Be(found);
    }

    [Fact]
    public async Task Pages_follow_each_other_by_the_cursor_in_both_orders()
    {
        await using EventLog log = Open();
        await WriteAsync(log, Bodies("1", "2", "3"));
        _time.Advance(TimeSpan.FromDays(1));
        await WriteAsync(log, Bodies("4", "5"));
        (await PagesAsync(log, newestFirst: false)).Should().Equal("1", "2", "3", "4", "5");
        (await PagesAsync(log, newestFirst: true)).Should().Equal("5", "4", "3", "2", "1");
    }

    [Fact]
    public async Task Text_is_found_whatever_its_case_and_times_bound_the_answer()
    {
        await using EventLog log = Open();
        await WriteAsync(log, Bodies("Disk FAILED on sda", "all is well"));
        _time.Advance(TimeSpan.FromMinutes(1));
        await WriteAsync(log, Bodies("disk failed on sdb"));
        (await ReadAsync(log, new EventQuery { Text = "disk Failed" })).Should().HaveCount(2);
        (await ReadAsync(log, new EventQuery { Text = "disk Failed", From = Now })).Select(e => e.Body).Should()
            .Equal("disk failed on sdb");
        (await ReadAsync(log, new EventQuery { To = Now - 1 })).Should().HaveCount(2);
    }

    [Fact]
    public async Task Days_older_than_the_retention_go_and_the_rest_stays()
    {
        await using EventLog log = Open();
        for (int day = 0; day < 4; day++)
        {
            await WriteAsync(log, Bodies($"{day}"));
            _time.Advance(TimeSpan.FromDays(1));
        }
        await log.MaintainAsync(new EventLogOptions { Retention = TimeSpan.FromDays(2) }, _ => Task.CompletedTask, default);
        (await ReadAsync(log, new EventQuery())).Select(e => e.Body).Should().Equal("2", "3");
    }

    [Fact]
    public async Task Which_event_went_last_is_known_after_a_restart_too()
    {
        long last;
        await using (EventLog log = Open())
        {
            await WriteAsync(log, Bodies("a", "b"));
            last = log.LastId;
            _time.Advance(TimeSpan.FromDays(40));
            await log.MaintainAsync(new EventLogOptions(), _ => Task.CompletedTask, default);
            (log.LastExpired, log.LastId).Should().Be((last, 0));
        }
        await using EventLog again = Open();
        again.LastExpired.Should().Be(last);
    }

    [Fact]
    public async Task A_day_that_a_wrong_clock_dated_into_the_future_goes_with_those_behind_it()
    {
        await using EventLog log = Open();
        _time.AdjustTime(s_start.AddYears(4));
        await WriteAsync(log, Bodies("future"));
        _time.AdjustTime(s_start);
        await WriteAsync(log, Bodies("old"));
        _time.Advance(TimeSpan.FromDays(40));
        await WriteAsync(log, Bodies("new"));
        await log.MaintainAsync(new EventLogOptions(), _ => Task.CompletedTask, default);
        (await ReadAsync(log, new EventQuery())).Select(e => e.Body).Should().Equal("new");
    }

    [Fact]
    public async Task What_goes_beyond_the_bytes_gives_its_room_back_to_the_disk()
    {
        await using EventLog log = Open();
        var bounds = new EventLogOptions { MaxBytes = 24L << 20 };
        int seed = 1;
        for (int day = 0; day < 5; day++)
        {
            await WriteAsync(log, Noise(50_000, ref seed));
            await log.MaintainAsync(new EventLogOptions(), _ => Task.CompletedTask, default);
            _time.Advance(TimeSpan.FromDays(1));
        }
        string file = Path.Combine(_folder.Path, "events.duckdb");
        long before = new FileInfo(file).Length + new FileInfo(file + ".wal").Length;
        before.Should().BeGreaterThan(96L << 20, "the test must have something to give back");
        await log.MaintainAsync(bounds, _ => Task.CompletedTask, default);
        List<Event> left = await ReadAsync(log, new EventQuery());
        new FileInfo(file).Length.Should().BeLessThan(before / 2);
        left.Should().HaveCount(50_000, "the newest day stays whatever its size");
        await WriteAsync(log, Bodies("after"));
        (await ReadAsync(log, new EventQuery { NewestFirst = true, Limit = 1 })).Single().Body.Should().Be("after");
    }

    [Fact]
    public async Task A_day_that_is_too_large_has_several_tables_so_that_its_oldest_can_go()
    {
        var bounds = new EventLogOptions { MaxBytes = 16L << 20 };
        await using EventLog log = Open(bounds);
        int seed = 1;
        for (int i = 0; i < 30; i++)
            await WriteAsync(log, Noise(2_000, ref seed));
        await WriteAsync(log, Bodies("last"));
        await log.MaintainAsync(bounds, _ => Task.CompletedTask, default);
        List<Event> left = await ReadAsync(log, new EventQuery());
        left.Should().HaveCountLessThan(50_000).And.HaveCountGreaterThan(10_000);
        left[^1].Body.Should().Be("last");
    }

    [Fact]
    public async Task A_file_that_is_none_is_set_aside_and_counted_and_a_new_one_begun()
    {
        string file = Path.Combine(_folder.Path, "events.duckdb");
        await File.WriteAllTextAsync(file, new string('x', 100_000));
        await using EventLog log = Open();
        await WriteAsync(log, Bodies("first"));
        (await ReadAsync(log, new EventQuery())).Should().ContainSingle();
        Directory.GetFiles(_folder.Path, "events.duckdb.unreadable-*").Should().ContainSingle();
        _folder.Metrics.SetAside.Value.Should().Be(1);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4096)]
    [InlineData(12_288)]
    public async Task A_file_that_was_damaged_is_set_aside_wherever_the_damage_is(int from)
    {
        int seed = 1;
        await using (EventLog log = Open())
            await WriteAsync(log, Noise(5_000, ref seed));
        string file = Path.Combine(_folder.Path, "events.duckdb");
        byte[] bytes = await File.ReadAllBytesAsync(file);
        bytes.Length.Should().BeGreaterThan(1 << 20);
        bytes.AsSpan(from).Fill(0xA5);
        await File.WriteAllBytesAsync(file, bytes);
        await using EventLog again = Open();
        await WriteAsync(again, Bodies("first"));
        (await ReadAsync(again, new EventQuery())).Should().ContainSingle();
        Directory.GetFiles(_folder.Path, "events.duckdb.unreadable-*").Should().ContainSingle();
    }

    [Fact]
    public async Task What_a_killed_process_left_beside_the_file_is_read_with_little_memory_too()
    {
        string killed = Directory.CreateDirectory(Path.Combine(_folder.Path, "killed")).FullName;
        await using (EventLog log = Open())
        {
            int seed = 1;
            for (int i = 0; i < 6; i++)
                await WriteAsync(log, Noise(10_000, ref seed));
            foreach (string name in (string[])["events.duckdb", "events.duckdb.wal"])
                File.Copy(Path.Combine(_folder.Path, name), Path.Combine(killed, name));
        }
        StorageOptions options = MetricsOptions.Parse($"storage: {{ path: '{killed}', memory_limit: 32MiB }}").Storage;
        await using var again = new EventLog(options, new EventLogOptions(), _folder.Metrics, _time, NullLogger<EventLog>.Instance);
        again.Open();
        (await ReadAsync(again, new EventQuery())).Should().HaveCount(60_000);
    }

    [Fact]
    public async Task A_file_that_another_process_has_is_left_alone()
    {
        await using (EventLog log = Open())
            await WriteAsync(log, Bodies("theirs"));
        string file = Path.Combine(_folder.Path, "events.duckdb");
        using (Process other = Process.Start(new ProcessStartInfo(
            "python3", ["-c", "import fcntl,sys; f=open(sys.argv[1],'r+b'); fcntl.lockf(f, fcntl.LOCK_EX); print(1, flush=True); "
                + "sys.stdin.read()", file]) { RedirectStandardInput = true, RedirectStandardOutput = true })!)
        {
            (await other.StandardOutput.ReadLineAsync()).Should().Be("1");
            ((Action)(() => Open())).Should().Throw<StoreException>().WithMessage("*is in use by another process*");
            other.StandardInput.Close();
            await other.WaitForExitAsync();
        }
        await using EventLog again = Open();
        (await ReadAsync(again, new EventQuery())).Should().ContainSingle();
        _folder.Metrics.SetAside.Value.Should().Be(0);
    }

    [Fact]
    public async Task A_batch_that_was_committed_is_not_written_once_more()
    {
        await using EventLog log = Open();
        EventBatch batch = Bodies("once");
        log.Number(batch);
        await log.WriteAsync([batch], default);
        await log.WriteAsync([batch], default);
        (await ReadAsync(log, new EventQuery())).Should().ContainSingle();
    }

    [Fact]
    public async Task A_reader_sees_what_was_committed_when_it_began_and_holds_nobody_up()
    {
        await using EventLog log = Open();
        await WriteAsync(log, Bodies([.. Enumerable.Range(0, 5000).Select(i => $"{i}")]));
        int read = 0;
        await foreach (EventBatch batch in log.ReadAsync(new EventQuery(), default))
        {
            using (batch)
                read += batch.Count;
            await WriteAsync(log, Bodies("meanwhile"));
        }
        read.Should().Be(5000);
    }

    [Fact]
    public async Task Rules_read_a_span_of_some_kinds_back()
    {
        await using EventLog log = Open();
        var batch = new EventBatch("t");
        foreach (string kind in new[] { "host.login", "o'kind", "log" })
            batch.Add(Now, Now, kind, 0, kind);
        await WriteAsync(log, batch);
        (await KindsAsync(log, new HashSet<string> { "o'kind", "host.login" })).Should().Equal("host.login", "o'kind");
        (await KindsAsync(log, new HashSet<string>())).Should().BeEmpty();
        (await KindsAsync(log, null)).Should().HaveCount(3);
    }

    [Fact]
    public async Task It_may_be_closed_twice()
    {
        EventLog log = Open();
        await log.DisposeAsync();
        await log.DisposeAsync();
    }

    [Fact]
    public async Task The_next_commit_is_notified()
    {
        await using EventLog log = Open();
        Task commit = log.NextCommit;
        commit.IsCompleted.Should().BeFalse();
        await WriteAsync(log, Bodies("x"));
        await commit.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System);
        log.NextCommit.IsCompleted.Should().BeFalse();
    }

    public void Dispose() => _folder.Dispose();

    private long Now => _time.GetUtcNow().ToUnixTimeMilliseconds() * 1_000_000;

    private EventLog Open(EventLogOptions? bounds = null) => _folder.Open(bounds);

    private static async Task<List<Event>> ReadAsync(EventLog log, EventQuery query)
    {
        var events = new List<Event>();
        await foreach (EventBatch batch in log.ReadAsync(query, default))
        {
            using (batch)
                events.AddRange(Enumerable.Range(0, batch.Count).Select(batch.ToEvent));
        }
        return events;
    }

    private async Task<List<string>> KindsAsync(EventLog log, IReadOnlySet<string>? kinds)
    {
        var found = new List<string>();
        await foreach (EventBatch batch in ((IEventSource)log).ReadAsync(kinds, Now, Now, default))
        {
            using (batch)
                found.AddRange(batch.Kinds.ToArray());
        }
        return found;
    }

    private static async Task<List<string>> PagesAsync(EventLog log, bool newestFirst)
    {
        var bodies = new List<string>();
        long? after = null;
        while (true)
        {
            List<Event> page = await ReadAsync(log, new EventQuery { NewestFirst = newestFirst, Limit = 2, After = after });
            if (page.Count == 0)
                return bodies;
            bodies.AddRange(page.Select(e => e.Body));
            after = page[^1].Id;
        }
    }

    private EventBatch Bodies(params string[] bodies)
    {
        var batch = new EventBatch("t");
        foreach (string body in bodies)
            Add(batch, 9, body);
        return batch;
    }

    /// <summary>Events that cannot be packed.</summary>
    private EventBatch Noise(int count, ref int seed)
    {
        var random = new Random(seed++);
        var batch = new EventBatch("t");
        byte[] bytes = new byte[512];
        for (int i = 0; i < count; i++)
        {
            random.NextBytes(bytes);
            Add(batch, 9, Convert.ToBase64String(bytes));
        }
        return batch;
    }

    private void Add(EventBatch batch, byte severity, string body, params (string Name, string Value)[] fields)
    {
        batch.Add(Now, Now, "log", severity, body);
        foreach ((string name, string value) in fields)
            batch.AddField(name, value);
    }
}
