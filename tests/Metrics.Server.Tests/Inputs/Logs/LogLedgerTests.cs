using Metrics.Formats.EventJson;
using Metrics.Inputs;
using Metrics.Model;
using Metrics.Storage.Events;

namespace Metrics.Tests.Inputs.Logs;

/// <summary>What the ledger says of real files: each byte of them once, and what is missing, where and why.</summary>
public sealed class LogLedgerTests
{
    [Fact]
    public async Task Each_byte_of_a_file_is_accounted_for_once_over_rotations_and_restarts()
    {
        await using var logs = new LogFolder("start: beginning", "a.log");
        long bytes = 0;
        int next = 0;
        for (int round = 0; round < 4; round++)
        {
            string lines = string.Concat(Enumerable.Range(next, 500).Select(n => $"line number {n} of a log of this length\n"));
            (next, bytes) = (next + 500, bytes + lines.Length);
            logs.Append("a.log", lines);
            await logs.StartAsync();
            await logs.EventsAsync(next - 100);
            await logs.StopAsync();
            if (round % 2 == 0)
                logs.Move("a.log", $"a.log.{round}");
            else
                logs.CopyTruncate("a.log", $"a.log.{round}");
        }
        await logs.StartAsync();
        await logs.EventsAsync(next);
        LedgerReport ledger = await logs.LedgerAsync();
        ledger.IsComplete.Should().BeTrue(string.Join('\n', ledger.Gaps));
        ledger.Rows.Sum(r => r.Lines).Should().Be(next);
        ledger.Rows.Sum(r => r.Records).Should().Be(next);
        ledger.Rows.Sum(r => r.Stored).Should().Be(next);
        ledger.Rows.Sum(r => r.Bytes).Should().Be(bytes);
        ledger.Rows.Select(r => r.Part).Distinct().Should().HaveCount(4, "each file is one, whatever it is called");
        ledger.Rows.Should().AllSatisfy(r => r.Begins.Should().Be(0));
        logs.Ledger.Look();
        logs.Ledger.Close().Should().BeEmpty("as many are stored as are accounted for");
    }

    [Fact]
    public async Task Lines_are_counted_by_the_hour_that_they_say_as_well()
    {
        await using var logs = new LogFolder("start: beginning, time_zone: UTC");
        logs.Append("a.log", "2026-11-20T13:59:59Z ctl-1 a: 1\n2026-11-20T14:00:00Z ctl-1 a: 2\n");
        logs.Append("a.log", "2026-11-20T14:59:59Z ctl-1 a: 3\n2026-11-20T15:00:00Z ctl-1 a: 4\n");
        await logs.StartAsync();
        await logs.EventsAsync(4);
        LedgerReport ledger = await logs.LedgerAsync(At("2026-11-20T14:00:00Z"), At("2026-11-20T15:00:00Z"));
        ledger.Said.Should().Equal(new Dictionary<string, long> { ["logs/test"] = 2 });
        ledger.Rows.Should().ContainSingle().Which.Records.Should().Be(4, "they were read in one hour");
        ledger.IsComplete.Should().BeTrue();
        (await logs.LedgerAsync(At("2026-11-20T16:00:00Z"), At("2026-11-20T17:00:00Z"))).Rows.Should().BeEmpty();
        (await logs.LedgerAsync(At("2026-11-20T14:00:00Z"), At("2026-11-20T15:00:00Z"), file: "*/b.log")).Rows.Should().BeEmpty();
    }

    [Fact]
    public async Task What_is_no_record_is_accounted_for_too()
    {
        await using var logs = new LogFolder("start: beginning, multiline: { start: '^[A-Z]' }");
        logs.Append("a.log", "One\n of two lines\n\nTwo\n");
        logs.Append("a.log", "X" + new string('x', 3_000_000) + "\n");
        logs.Append("a.log", [.. new byte[5000], .. "Behind the NULs\n"u8]);
        await logs.StartAsync();
        await logs.EventsAsync(4);
        LedgerRow row = (await logs.LedgerAsync()).Rows.Should().ContainSingle().Subject;
        row.Should().BeEquivalentTo(new
        {
            Lines = 6L, Records = 4L, Stored = 4L, Cut = 1L, NulBytes = 5000L, LongBytes = 3_000_002L - (1L << 20),
            Begins = 0L, Ends = new FileInfo(logs.PathOf("a.log")).Length, Bytes = new FileInfo(logs.PathOf("a.log")).Length,
        });
    }

    [Fact]
    public async Task Only_records_of_which_something_is_missing_in_the_event_count_as_cut()
    {
        await using var logs = new LogFolder("start: beginning, multiline: none");
        // Bounds are characters: of two bytes each here, so that the first line is longer in bytes only.
        logs.Append("a.log", new string('ü', EventBounds.MaxBodyLength) + "\n" + new string('ü', EventBounds.MaxBodyLength + 1) + "\n");
        logs.Append("a.log", new string('x', EventBounds.MaxBodyLength) + "\n" + new string('x', EventBounds.MaxBodyLength + 1) + "\n");
        await logs.StartAsync();
        List<Event> events = await logs.EventsAsync(4);
        events.Select(e => e.Body.Length).Should().AllBeEquivalentTo(EventBounds.MaxBodyLength);
        (await logs.LedgerAsync()).Rows.Should().ContainSingle().Which.Cut.Should().Be(2);
        logs.Counters.Of(InputError.TooLong).Should().Be(2);
    }

    [Fact]
    public async Task A_file_that_is_gone_unread_says_how_many_bytes_are_missing_and_of_when()
    {
        await using var logs = new LogFolder("start: beginning, time_zone: UTC");
        logs.Append("a.log", "2026-11-20T13:00:00Z ctl-1 a: 1\n");
        await logs.StartAsync();
        await logs.EventsAsync(1);
        // Half a line waits for its end: it is there, and not read.
        logs.Append("a.log", "2026-11-20T13:05:00Z ctl-1 a: 2\n2026-11-20T13:06:00Z ctl-1 a: half");
        await logs.EventsAsync(2);
        (await logs.UnreadAsync(34)).Should().ContainSingle();
        await logs.StopAsync();
        File.Delete(logs.PathOf("a.log"));
        await logs.StartAsync();
        (await logs.EventsAsync(3))[2].Should().Match<Event>(e => e.Kind == "log.gap" && e.Body.EndsWith("at least 34 bytes"));
        LedgerReport ledger = await logs.LedgerAsync(At("2026-11-20T14:00:00Z"), At("2026-11-20T15:00:00Z"));
        ledger.IsComplete.Should().BeFalse("what is missing may be of that hour");
        ledger.Gaps.Should().ContainSingle().Which.Should().BeEquivalentTo(new
        {
            Source = "logs/test", Path = logs.PathOf("a.log"), Reason = "gone", Begins = 64L, Bytes = 34L, IsAtLeast = true,
            FromTime = At("2026-11-20T13:05:00Z"),
        });
        (await logs.LedgerAsync(At("2026-11-20T12:00:00Z"), At("2026-11-20T13:04:00Z"))).IsComplete.Should().BeTrue("that was read");
        logs.Metrics.Gaps.WithLabels("logs/test", "gone").Value.Should().Be(1);
        logs.Metrics.MissingBytes.WithLabels("logs/test", "gone").Value.Should().Be(34);
        logs.Metrics.Gaps.WithLabels("logs/test", "truncated").Value.Should().Be(0);
    }

    [Fact]
    public async Task What_was_cut_off_without_a_copy_and_what_was_there_before_the_start_are_gaps()
    {
        await using var logs = new LogFolder();
        logs.Append("a.log", "there before\n");
        await logs.StartAsync();
        logs.Append("a.log", "1\n");
        await logs.EventsAsync(1);
        File.WriteAllText(logs.PathOf("a.log"), "");
        await logs.EventsAsync(2);
        logs.Append("a.log", "2\n");
        await logs.EventsAsync(3);
        LedgerReport ledger = await logs.LedgerAsync();
        ledger.Gaps.Select(g => (g.Reason, g.Begins, g.Bytes, g.IsAtLeast)).Should().Equal(
            ("before_start", 0, 13, false), ("truncated", 15, 0, true));
        ledger.Gaps[0].FromTime.Should().Be(0, "nobody knows since when it was there");
    }

    [Fact]
    public async Task A_copy_that_is_shorter_than_its_log_was_is_a_gap_of_what_was_not_copied()
    {
        await using var logs = new LogFolder("start: beginning", "a.log");
        logs.Append("a.log", new string('a', 1999) + "\nhalf a line");
        await logs.StartAsync();
        await logs.EventsAsync(1);
        await logs.StopAsync();
        File.Copy(logs.PathOf("a.log"), logs.PathOf("a.log.1"));
        using (FileStream copy = File.Open(logs.PathOf("a.log.1"), FileMode.Open))
            copy.SetLength(2004);
        File.WriteAllText(logs.PathOf("a.log"), "");
        await logs.StartAsync();
        await logs.EventsAsync(2);
        (await logs.LedgerAsync()).Gaps.Should().ContainSingle().Which.Should().BeEquivalentTo(
            new { Reason = "not_copied", Begins = 2004L, Bytes = 7L });
    }

    [Fact]
    public async Task A_file_that_cannot_be_read_is_unread_as_long_as_it_is_there_and_a_gap_once_it_is_gone()
    {
        await using var logs = new LogFolder("start: beginning, max_files: 1");
        logs.Append("a.log", "1\n");
        logs.Append("b.log", "too many\n");
        await logs.StartAsync();
        await logs.EventsAsync(1);
        (await logs.UnreadAsync(9)).Should().ContainSingle().Which.Should().BeEquivalentTo(
            new { Path = logs.PathOf("b.log"), Bytes = 9L, Problem = "max_files (1) are read already" });
        (await logs.LedgerAsync()).Gaps.Should().BeEmpty("it may be read yet");
        File.Delete(logs.PathOf("b.log"));
        (await logs.EventsAsync(2))[1].Kind.Should().Be("log.gap");
        (await logs.LedgerAsync()).Gaps.Should().ContainSingle().Which.Should().BeEquivalentTo(
            new { Path = logs.PathOf("b.log"), Reason = "unreadable", Begins = 0L, Bytes = 9L });
        (await logs.UnreadAsync(0)).Should().BeEmpty();
    }

    [Fact]
    public async Task What_could_not_be_stored_is_in_the_ledger_once_and_only_when_it_is()
    {
        await using var logs = new LogFolder("start: beginning");
        await logs.StartAsync();
        logs.Fails = true;
        logs.Append("a.log", "1\n2\n");
        await Eventually.Async(() => logs.HandedOver >= 2, "it was tried");
        (await logs.LedgerAsync()).Rows.Should().BeEmpty();
        logs.Fails = false;
        await logs.EventsAsync(2);
        (await logs.LedgerAsync()).Rows.Should().ContainSingle().Which.Should().BeEquivalentTo(
            new { Records = 2L, Stored = 2L, Begins = 0L, Ends = 4L, Bytes = 4L });
    }

    private static long At(string time) => EventTime.TryParse(time, out long nanoseconds) ? nanoseconds : throw new FormatException(time);
}
