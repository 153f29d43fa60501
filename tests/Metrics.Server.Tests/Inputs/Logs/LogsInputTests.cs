using System.Text;
using System.Text.RegularExpressions;
using Metrics.Inputs;
using Metrics.Model;

namespace Metrics.Tests.Inputs.Logs;

/// <summary>Real files, moved, copied, packed and cut as on real machines: every line comes once.</summary>
public sealed class LogsInputTests
{
    [Fact]
    public async Task Lines_come_with_what_they_say_and_where_they_stood()
    {
        await using var logs = new LogFolder("labels: { rack: r1 }");
        await logs.StartAsync();
        logs.Append("nova-api.log", "Nov 26 10:00:00 ctl-1 app[7]: one\nplain\nhalf");
        List<Event> events = await logs.EventsAsync(2);
        events.Should().HaveCount(2, "half a line is none");
        events[0].Body.Should().Be("Nov 26 10:00:00 ctl-1 app[7]: one");
        events[0]["host.name"].Should().Be("ctl-1");
        events[0]["service.name"].Should().Be("app");
        events[0]["labels.rack"].Should().Be("r1");
        events[1]["service.name"].Should().Be("nova-api", "its file says so");
        events[1]["host.name"].Should().Be(Environment.MachineName);
        events[1]["log.file.path"].Should().Be(logs.PathOf("nova-api.log"));
        events[1]["log.offset"].Should().Be("34");
        logs.Append("nova-api.log", " a line\n");
        (await logs.EventsAsync(3))[2].Body.Should().Be("half a line");
        logs.Counters.Bytes.Should().Be(new FileInfo(logs.PathOf("nova-api.log")).Length);
    }

    [Fact]
    public async Task What_was_there_before_the_first_start_is_not_read_and_after_it_everything_is()
    {
        await using var logs = new LogFolder();
        logs.Append("a.log", "old\nold, whose end co");
        await logs.StartAsync();
        logs.Append("a.log", "mes now\nnew\n");
        (await logs.EventsAsync(1)).Select(e => e.Body).Should().Equal("new");
        await logs.StopAsync();
        logs.Append("a.log", "while it was away\n");
        logs.Append("b.log", "a file of that time\n");
        await logs.StartAsync();
        (await logs.EventsAsync(3)).Select(e => e.Body).Should().BeEquivalentTo("new", "while it was away", "a file of that time");
    }

    [Theory]
    [InlineData(".+", "no JSON")]
    [InlineData(".+", "null")]
    [InlineData(".+", "{}")]
    [InlineData("\"Start\":{.*?}", "\"Start\":null")]
    [InlineData("\"Length\":", "\"Length\":-")]
    [InlineData("\"Digest\":\".*?\"", "\"Digest\":null")]
    [InlineData("\"Offset\":", "\"Offset\":-")]
    [InlineData("\"Log\":\".*?\"", "\"Log\":\"\"")]
    [InlineData("\"Log\":\"", "\"Log\":\"\\u0000")]
    [InlineData("\"Path\":\".*?\"", "\"Path\":null")]
    public async Task A_stored_position_that_is_damaged_stops_nothing(string pattern, string damaged)
    {
        await using var logs = new LogFolder("start: beginning");
        logs.Append("a.log", "before\n");
        logs.Append("gone.log", "before\n");
        await logs.StartAsync();
        await logs.EventsAsync(2);
        await logs.StopAsync();
        logs.Move("gone.log", "gone.log.1");
        int changed = 0;
        await logs.ChangePositionsAsync(p =>
        {
            string state = Regex.Replace(p.State!, pattern, damaged);
            changed += state == p.State ? 0 : 1;
            return state;
        });
        changed.Should().BeGreaterThan(1);
        logs.Append("a.log", "after\n");
        await logs.StartAsync();
        await Eventually.Async(async () => (await logs.EventsAsync(3)).Exists(e => e.Body == "after"), "it is read");
    }

    [Fact]
    public async Task A_file_that_is_moved_is_read_to_its_end_and_its_successor_from_its_start()
    {
        await using var logs = new LogFolder("start: beginning");
        logs.Append("a.log", "1\n");
        await logs.StartAsync();
        await logs.EventsAsync(1);
        await using (FileStream writer = new(
            logs.PathOf("a.log"), FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete))
        {
            logs.Move("a.log", "a.log.1");
            logs.Append("a.log", "3\n");
            await writer.WriteAsync("2\n"u8.ToArray());
        }
        (await logs.EventsAsync(3)).Select(e => e.Body).Should().BeEquivalentTo("1", "2", "3");
    }

    [Theory]
    [InlineData("move")]
    [InlineData("copy")]
    [InlineData("pack")]
    [InlineData("pack copy")]
    public async Task What_was_rotated_while_nobody_was_looking_is_found(string how)
    {
        await using var logs = new LogFolder("start: beginning");
        logs.Append("a.log", "a first line that is long enough to tell the file from others\n1\n");
        await logs.StartAsync();
        await logs.EventsAsync(2);
        await logs.StopAsync();
        logs.Append("a.log", "2\n");
        if (how.EndsWith("copy", StringComparison.Ordinal))
            logs.CopyTruncate("a.log", "a.log.1");
        else
            logs.Move("a.log", "a.log.1");
        if (how.StartsWith("pack", StringComparison.Ordinal))
            logs.Pack("a.log.1");
        logs.Append("a.log", "3\n");
        await logs.StartAsync();
        List<Event> events = await logs.EventsAsync(4);
        events.Skip(2).Select(e => e.Body).Should().BeEquivalentTo("2", "3");
        await logs.StopAsync();
        await logs.StartAsync();
        logs.Append("a.log", "4\n");
        (await logs.EventsAsync(5))[4].Body.Should().Be("4", "the rotated file is not read again");
    }

    [Fact]
    public async Task A_copy_that_the_pattern_finds_too_is_not_read_twice()
    {
        await using var logs = new LogFolder("start: beginning", "a.log*");
        logs.Append("a.log", "a first line that is long enough to tell the file from others\n1\n");
        await logs.StartAsync();
        await logs.EventsAsync(2);
        logs.CopyTruncate("a.log", "a.log.1");
        logs.Append("a.log", "2\n");
        await logs.EventsAsync(3);
        logs.Move("a.log.1", "a.log.2");
        logs.Append("a.log", "3\n");
        (await logs.EventsAsync(4)).Select(e => e.Body).Skip(1).Should().Equal("1", "2", "3");
    }

    [Fact]
    public async Task A_file_that_is_cut_short_without_a_copy_is_said_to_be()
    {
        await using var logs = new LogFolder("start: beginning");
        logs.Append("auth.log", "an intruder was here\n");
        await logs.StartAsync();
        await logs.EventsAsync(1);
        File.WriteAllText(logs.PathOf("auth.log"), "");
        Event cut = (await logs.EventsAsync(2))[1];
        cut.Kind.Should().Be("log.truncated");
        cut["log.file.path"].Should().Be(logs.PathOf("auth.log"));
        cut.Body.Should().Contain("from at least 21 to 0 bytes");
        logs.Append("auth.log", "after\n");
        (await logs.EventsAsync(3))[2].Body.Should().Be("after");
    }

    [Fact]
    public async Task An_older_file_in_the_place_of_a_log_is_said_to_be()
    {
        await using var logs = new LogFolder("start: beginning, time_zone: UTC");
        logs.Append("auth.log", "2026-11-20T10:00:00Z ctl-1 sshd[1]: one\n");
        logs.Append("kept", "2026-11-19T10:00:00Z ctl-1 sshd[1]: older\n");
        await logs.StartAsync();
        await logs.EventsAsync(1);
        File.Move(logs.PathOf("kept"), logs.PathOf("auth.log"), overwrite: true);
        List<Event> events = await logs.EventsAsync(3);
        events.Select(e => e.Kind).Should().BeEquivalentTo("log", "log", "log.replaced");
        events.Single(e => e.Kind == "log.replaced").Body.Should().Contain("begins 1d before the last one ended");
    }

    [Fact]
    public async Task A_clock_that_is_set_back_is_noticed_and_the_end_of_summer_time_is_not_one()
    {
        await using var logs = new LogFolder("start: beginning, time_zone: Europe/Berlin");
        await logs.StartAsync();
        logs.Append("a.log", "Oct 25 02:59:59 ctl-1 a: summer\nOct 25 02:00:01 ctl-1 a: winter\nOct 25 04:00:00 ctl-1 a: later\n");
        logs.Append("a.log", "Oct 25 03:10:00 ctl-1 a: set back\nOct 25 03:11:00 ctl-1 a: on\n");
        List<Event> events = await logs.EventsAsync(6);
        events.Should().HaveCount(6);
        events.Single(e => e.Kind == "log.rewound").Body.Should().EndWith("go back by 50m");
    }

    [Fact]
    public async Task What_could_not_be_stored_is_read_again()
    {
        await using var logs = new LogFolder("start: beginning");
        await logs.StartAsync();
        logs.Fails = true;
        logs.Append("a.log", "1\n2\n");
        await UntilAsync(logs, 10);
        logs.HandedOver.Should().Be(2, "rules see what could not be stored once, not with each try");
        logs.Append("a.log", "3\n");
        logs.Fails = false;
        (await logs.EventsAsync(3)).Select(e => e.Body).Should().Equal("1", "2", "3");
    }

    [Fact]
    public async Task Odd_bytes_are_no_obstacle()
    {
        await using var logs = new LogFolder("start: beginning");
        await logs.StartAsync();
        logs.Append("a.log", new string('x', 3_000_000) + "\nafter the long one\r\n\n");
        logs.Append("a.log", [.. new byte[5000], .. "behind the NULs\n"u8]);
        logs.Append("a.log", [.. "caf"u8, 0xE9, .. "\na\0b\n"u8]);
        List<Event> events = await logs.EventsAsync(5);
        events[0].Body.Length.Should().Be(EventBounds.MaxBodyLength);
        events.Skip(1).Select(e => e.Body).Should().Equal("after the long one", "behind the NULs", "café", "a\0b");
        logs.Counters.Of(InputError.TooLong).Should().BeGreaterThan(0);
    }

    [Fact]
    public async Task Lines_make_one_record_as_the_operator_says()
    {
        await using var logs = new LogFolder("start: beginning, multiline: { start: '^[A-Z]' }");
        await logs.StartAsync();
        logs.Append("a.log", "Begin\n  at x\nand more\nNext\n");
        (await logs.EventsAsync(2)).Select(e => e.Body).Should().Equal("Begin\n  at x\nand more", "Next");
        logs.Append("a.log", "Half\n of it");
        logs.Append("a.log", " comes later\nEnd\n");
        (await logs.EventsAsync(4)).Select(e => e.Body).Skip(2).Should().Equal("Half\n of it comes later", "End");
    }

    [Fact]
    public async Task A_file_that_may_not_be_read_is_counted_and_hurts_no_other()
    {
        await using var logs = new LogFolder("start: beginning");
        Directory.CreateDirectory(logs.PathOf("folder.log"));
        File.CreateSymbolicLink(logs.PathOf("nowhere.log"), logs.PathOf("missing"));
        await logs.StartAsync();
        logs.Append("a.log", "1\n");
        (await logs.EventsAsync(1)).Select(e => e.Body).Should().Equal("1");
    }

    [Fact]
    public async Task Failed_commits_over_two_rotations_lose_nothing_and_are_no_clock_that_was_set_back()
    {
        await using var logs = new LogFolder("start: beginning, time_zone: UTC", "a.log");
        logs.Append("a.log", "2026-11-20T10:00:00Z ctl-1 a: the first line of the first file\n");
        await logs.StartAsync();
        await logs.EventsAsync(1);
        logs.Fails = true;
        logs.Append("a.log", "2026-11-20T11:00:00Z ctl-1 a: 2\n");
        await UntilAsync(logs, 2);
        logs.CopyTruncate("a.log", "a.log.1");
        logs.Append("a.log", "2026-11-20T12:00:00Z ctl-1 a: the first line of the second file\n");
        await UntilAsync(logs, 1);
        logs.Move("a.log.1", "a.log.2");
        logs.CopyTruncate("a.log", "a.log.1");
        logs.Append("a.log", "2026-11-20T13:00:00Z ctl-1 a: the first line of the third file\n");
        await UntilAsync(logs, 1);
        logs.Fails = false;
        logs.Append("a.log", "2026-11-20T14:00:00Z ctl-1 a: 5\n");
        (await logs.EventsAsync(5)).Select(e => e.Body.Split(": ")[^1]).Should().BeEquivalentTo(
            "the first line of the first file", "2", "the first line of the second file", "the first line of the third file", "5");
    }

    [Fact]
    public async Task A_commit_that_is_under_way_when_the_file_is_cut_counts_also_where_the_next_fails()
    {
        await using var logs = new LogFolder("start: beginning", "a.log");
        logs.Append("a.log", "a first line that is long enough to tell the file from others\n");
        await logs.StartAsync();
        await logs.EventsAsync(1);
        var gate = new TaskCompletionSource();
        logs.Gate = gate.Task;
        int before = logs.Commits;
        logs.Append("a.log", "2\n");
        await Eventually.Async(() => logs.Commits > before, "a commit is under way");
        logs.CopyTruncate("a.log", "a.log.1");
        logs.Append("a.log", "3\n");
        logs.Fails = true;
        logs.Gate = Task.CompletedTask;
        int underway = logs.Commits;
        gate.SetResult();
        await Eventually.Async(() => logs.Commits > underway, "the next fails");
        logs.Fails = false;
        logs.Append("a.log", "4\n");
        (await logs.EventsAsync(4)).Select(e => e.Body).Skip(1).Should().BeEquivalentTo("2", "3", "4");
    }

    [Fact]
    public async Task Files_that_begin_alike_are_told_apart()
    {
        await using var logs = new LogFolder("start: beginning", "*.log");
        const string Header = "# a header with which each file of this log begins, written by its writer\n";
        logs.Append("app-2026-11-26.log", Header);
        logs.Append("a.log", Header);
        File.WriteAllText(logs.PathOf("a.log-20261124"), Header + "old\n");
        File.SetLastWriteTimeUtc(logs.PathOf("a.log-20261124"), TimeProvider.System.GetUtcNow().AddDays(-2).UtcDateTime);
        await logs.StartAsync();
        await logs.EventsAsync(2);
        logs.Append("app-2026-11-27.log", Header + "the next day\n");
        await logs.EventsAsync(4);
        await logs.StopAsync();
        logs.Append("a.log", "new\n");
        logs.Move("a.log", "a.log-20261126");
        logs.Append("a.log", Header + "newer\n");
        await logs.StartAsync();
        (await logs.EventsAsync(7)).Select(e => e.Body).Where(b => b[0] != '#').Should().BeEquivalentTo("the next day", "new", "newer");
    }

    [Theory]
    [InlineData("")]
    [InlineData("written right after\n")]
    public async Task A_log_that_is_edited_is_said_to_be_and_not_read_again(string after)
    {
        await using var logs = new LogFolder("start: beginning");
        for (int n = 0; n < 40; n++)
            logs.Append("auth.log", $"line {n} of a log that is longer than a short one, as they are\n");
        logs.Append("auth.log", "evil\n");
        await logs.StartAsync();
        await logs.EventsAsync(41);
        (await Component("sed", "-i", "/evil/d", logs.PathOf("auth.log"))).Should().Be(0);
        logs.Append("auth.log", after);
        await Eventually.Async(async () => (await logs.EventsAsync()).Exists(e => e.Kind == "log.replaced"), "it is noticed");
        logs.Append("auth.log", "last\n");
        List<Event> events = await logs.EventsAsync(after.Length == 0 ? 43 : 44);
        events.Select(e => e.Kind).Count(k => k == "log.replaced").Should().Be(1);
        events.Where(e => e.Kind == "log").Select(e => e.Body).Skip(41).Should().Equal($"{after}last".Split('\n'));
    }

    [Fact]
    public async Task Who_writes_a_log_is_never_held_up_and_who_reads_it_hides_nothing()
    {
        await using var logs = new LogFolder("start: beginning");
        logs.Append("a.log", "1\n");
        await logs.StartAsync();
        await logs.EventsAsync(1);
        (await Component("flock", "--exclusive", "--nonblock", logs.PathOf("a.log"), "true")).Should().Be(0);
        using var holder = System.Diagnostics.Process.Start("flock", ["--exclusive", logs.PathOf("b.log"), "sleep", "60"]);
        await Eventually.Async(() => File.Exists(logs.PathOf("b.log")), "it is locked");
        (await Component("sh", "-c", $"echo hidden >> {logs.PathOf("b.log")}")).Should().Be(0);
        (await logs.EventsAsync(2))[1].Body.Should().Be("hidden");
        holder.Kill(entireProcessTree: true);
    }

    [Fact]
    public async Task Links_that_a_pattern_finds_lead_nowhere_unless_that_is_wanted()
    {
        await using var logs = new LogFolder("start: beginning");
        await using var wanted = new LogFolder("start: beginning, follow_links: true");
        foreach (LogFolder one in (LogFolder[])[logs, wanted])
        {
            File.WriteAllText(one.PathOf("secret"), "secret\n");
            File.CreateSymbolicLink(one.PathOf("x.log"), one.PathOf("secret"));
            await one.StartAsync();
            one.Append("y.log", "1\n");
        }
        (await wanted.EventsAsync(2)).Select(e => e.Body).Should().BeEquivalentTo("secret", "1");
        (await logs.EventsAsync(1)).Select(e => e.Body).Should().Equal("1");
        logs.Counters.LastProblem.Should().Contain("x.log: it is a link, and follow_links is not set");
    }

    [Fact]
    public async Task A_hole_in_a_file_hides_nothing_for_long()
    {
        await using var logs = new LogFolder("start: beginning");
        logs.Append("a.log", "1\n");
        await logs.StartAsync();
        await logs.EventsAsync(1);
        using (FileStream file = File.Open(logs.PathOf("a.log"), FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
            file.SetLength(100L << 30);
        logs.Append("a.log", "2\n");
        (await logs.EventsAsync(2))[1].Body.Should().Be("2");
    }

    [Fact]
    public async Task A_file_that_comes_while_the_daemon_is_away_is_read_from_its_start_also_where_there_was_none_before()
    {
        await using var logs = new LogFolder();
        await logs.StartAsync();
        await Eventually.Async(() => logs.Commits > 0, "the first start is noted");
        await logs.StopAsync();
        logs.Append("a.log", "1\n");
        await logs.StartAsync();
        (await logs.EventsAsync(1))[0].Body.Should().Be("1");
    }

    [Fact]
    public async Task Many_files_are_read_and_those_beyond_the_bound_are_said_to_be_too_many()
    {
        await using var logs = new LogFolder("start: beginning, max_files: 600");
        for (int n = 0; n < 601; n++)
            logs.Append($"f{n:d3}.log", $"{n}\n");
        await logs.StartAsync();
        (await logs.EventsAsync(600)).Select(e => e.Body).Should().BeEquivalentTo(Enumerable.Range(0, 600).Select(n => $"{n}"));
        logs.Counters.LastProblem.Should().Contain("max_files (600) are read already");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Whatever_is_done_to_it_every_line_comes_once(int seed)
    {
        var random = new Random(seed);
        await using var logs = new LogFolder("start: beginning", "a.log");
        int next = 1, rotation = 0;
        var done = new List<string>();
        logs.Append("a.log", "line number 0 of a log, with which it is known from now on what is read\n");
        await logs.StartAsync();
        await logs.EventsAsync(1);
        bool isRunning = true;
        for (int step = 0; step < 60; step++)
        {
            var lines = new StringBuilder();
            for (int n = random.Next(200); n >= 0; n--)
                lines.Append("line number ").Append(next++).Append(" of a log that is longer than a short one\n");
            logs.Append("a.log", lines.ToString());
            int what = random.Next(6);
            done.Add($"{next}: {what}{(isRunning ? "" : " away")}");
            switch (what)
            {
                case 0:
                    logs.Move("a.log", $"a.log.{++rotation}");
                    break;
                case 1:
                    logs.CopyTruncate("a.log", $"a.log.{++rotation}");
                    break;
                case 2 when rotation > 0 && File.Exists(logs.PathOf($"a.log.{rotation}")):
                    // Packing comes later than moving, when what was moved is read; else there would be a gap.
                    if (!isRunning)
                        logs.Pack($"a.log.{rotation}");
                    break;
                case 3 when isRunning:
                    await logs.StopAsync();
                    isRunning = false;
                    break;
                case 4 when isRunning:
                    logs.Fails = true;
                    await Task.Yield();
                    logs.Fails = false;
                    break;
                default:
                    if (!isRunning)
                        await logs.StartAsync();
                    isRunning = true;
                    break;
            }
        }
        if (!isRunning)
            await logs.StartAsync();
        logs.Append("a.log", "the end\n");
        await logs.EventsAsync(next + 1);
        List<Event> events = await logs.EventsAsync();
        string story = string.Join(", ", done) + "\n" + string.Join("\n", events.Where(e => e.Kind != EventKinds.Log).Select(e => e.Body));
        List<int> numbers = [.. events.Where(e => e.Body.StartsWith("line", StringComparison.Ordinal))
            .Select(e => int.Parse(e.Body.Split(' ')[2], System.Globalization.CultureInfo.InvariantCulture)).Order()];
        Enumerable.Range(0, next).Except(numbers).Should().BeEmpty("no line is lost: {0}", story);
        numbers.GroupBy(n => n).Where(n => n.Count() > 1).Select(n => n.Key).Should().BeEmpty("no line comes twice: {0}", story);
    }

    /// <summary>Waits until commits have failed some more times.</summary>
    private static async Task UntilAsync(LogFolder logs, int more)
    {
        int before = logs.Commits;
        await Eventually.Async(() => logs.Commits >= before + more, "commits fail");
    }

    private static async Task<int> Component(string program, params string[] arguments)
    {
        using var process = System.Diagnostics.Process.Start(program, arguments);
        await process.WaitForExitAsync();
        return process.ExitCode;
    }
}
