using System.Buffers.Binary;
using System.Text;
using Metrics.Formats.Logs.Host;
using Metrics.Model;
using Metrics.Storage.Events;

namespace Metrics.Tests.Inputs.Logs;

/// <summary>wtmp and btmp as files of an input: records of bytes, each once.</summary>
public sealed class LoginFileTests
{
    private const string Keys = "format: utmp, start: beginning";

    private static readonly int s_length = LoginRecords.Format.Binary!.Length;

    [Fact]
    public async Task Records_come_once_each_over_a_restart_a_rotation_and_a_packed_one()
    {
        await using var logs = new LogFolder(Keys, "?tmp");
        logs.Append("wtmp", Record(7, "ann", 1));
        await logs.StartAsync();
        logs.Append("wtmp", [.. Record(7, "bob", 2), .. Record(8, "", 3)]);
        logs.Append("btmp", Record(7, "eve", 4));
        await logs.EventsAsync(4);
        logs.Move("wtmp", "wtmp.1");
        logs.Append("wtmp", Record(7, "carl", 5));
        await logs.EventsAsync(5);
        await logs.StopAsync();
        logs.Append("wtmp", Record(7, "dora", 6));
        logs.Move("wtmp", "wtmp-20261101");
        logs.Pack("wtmp-20261101");
        logs.Append("wtmp", Record(2, "reboot", 7));
        await logs.StartAsync();
        List<Event> events = await logs.EventsAsync(7);
        events.Select(e => (e.Kind, e["event.outcome"], e["user.name"], e["service.name"])).Should().BeEquivalentTo(new[]
        {
            (EventKinds.HostLogin, "success", "ann", "wtmp"), (EventKinds.HostLogin, "success", "bob", "wtmp"),
            (EventKinds.HostLogout, null, null, "wtmp"), (EventKinds.HostLogin, "failure", "eve", "btmp"),
            (EventKinds.HostLogin, "success", "carl", "wtmp"), (EventKinds.HostLogin, "success", "dora", "wtmp"),
            (EventKinds.HostReboot, (string?)null, null, "wtmp"),
        });
    }

    [Fact]
    public async Task Half_a_record_waits_for_its_other_half_and_at_the_first_start_reading_begins_with_a_whole_one()
    {
        await using var logs = new LogFolder("format: utmp", "wtmp");
        byte[] torn = Record(7, "torn", 2);
        logs.Append("wtmp", [.. Record(7, "old", 1), .. torn.AsSpan(0, 100)]);
        await logs.StartAsync();
        logs.Append("wtmp", torn[100..]);
        logs.Append("wtmp", Record(7, "new", 3).AsSpan(0, 50).ToArray());
        (await logs.EventsAsync(1)).Select(e => e["user.name"]).Should().Equal("torn");
        logs.Append("wtmp", Record(7, "new", 3)[50..]);
        (await logs.EventsAsync(2)).Select(e => e["user.name"]).Should().Equal("torn", "new");
    }

    [Fact]
    public async Task What_is_no_record_is_told_as_such_and_holds_up_nothing()
    {
        await using var logs = new LogFolder(Keys, "wtmp");
        byte[] noise = new byte[s_length];
        noise.AsSpan().Fill((byte)'\n');
        logs.Append("wtmp", [.. new byte[3 * s_length], .. noise, .. Record(7, "ann", 1)]);
        await logs.StartAsync();
        List<Event> events = await logs.EventsAsync(2);
        events.Select(e => e.Kind).Should().Equal(EventKinds.Log, EventKinds.HostLogin);
        events[0].Body.Should().StartWith("bytes that are no record of utmp: 0a0a");
        events[1]["log.offset"].Should().Be($"{4 * s_length}");
    }

    [Fact]
    public async Task What_is_not_written_yet_waits_and_what_was_never_written_is_accounted_for()
    {
        await using var logs = new LogFolder(Keys, "wtmp");
        byte[] nothing = new byte[s_length], bob = Record(7, "bob", 2);
        logs.Append("wtmp", [.. Record(7, "ann", 1), .. nothing, .. nothing, .. bob[..100]]);
        await logs.StartAsync();
        await UntilAccountedAsync(logs, records: 3);
        (await logs.UnreadAsync(100)).Should().ContainSingle();
        logs.Append("wtmp", [.. bob[100..], .. nothing[..50]]);
        await UntilAccountedAsync(logs, records: 4);
        logs.Append("wtmp", nothing[50..]);
        LedgerReport ledger = await UntilAccountedAsync(logs, records: 5);
        ledger.IsComplete.Should().BeTrue();
        ledger.Rows.Should().ContainSingle().Which.Should().BeEquivalentTo(
            new { Lines = 5L, Records = 2L, Stored = 2L, NulBytes = 3L * s_length }, "what holds nothing is no record, as an empty line");
        (await logs.EventsAsync()).Select(e => e["user.name"]).Should().Equal("ann", "bob");
    }

    [Fact]
    public async Task Half_a_record_of_a_file_that_ends_for_good_is_an_event_that_says_so()
    {
        await using var logs = new LogFolder(Keys, "wtmp");
        logs.Append("wtmp", Record(7, "ann", 1));
        await logs.StartAsync();
        await logs.EventsAsync(1);
        await logs.StopAsync();
        logs.Append("wtmp", [.. Record(7, "bob", 2), .. Record(7, "torn", 3)[..100]]);
        logs.Move("wtmp", "wtmp-20261101");
        logs.Pack("wtmp-20261101");
        await logs.StartAsync();
        (await logs.EventsAsync(3))[2].Body.Should().StartWith("bytes that are no record of utmp: 0700");
        (await logs.LedgerAsync()).Rows.Should().ContainSingle().Which.Should().BeEquivalentTo(
            new { Ends = (2L * s_length) + 100, Lines = 3L, Records = 3L, Stored = 3L });
    }

    private static async Task<LedgerReport> UntilAccountedAsync(LogFolder logs, int records)
    {
        LedgerReport ledger = null!;
        await Eventually.Async(
            async () => (ledger = await logs.LedgerAsync()).Rows.Sum(r => r.Bytes) == records * s_length, $"{records} records are read");
        return ledger;
    }

    /// <summary>utmp(5), as this machine has it.</summary>
    private static byte[] Record(short type, string user, int second)
    {
        byte[] record = new byte[s_length];
        BinaryPrimitives.WriteInt16LittleEndian(record, type);
        BinaryPrimitives.WriteInt32LittleEndian(record.AsSpan(4), 1234);
        Encoding.ASCII.GetBytes("pts/0", record.AsSpan(8));
        Encoding.ASCII.GetBytes(user, record.AsSpan(44));
        BinaryPrimitives.WriteInt32LittleEndian(record.AsSpan(s_length == LoginRecords.WideLength ? 344 : 340), 1_795_680_000 + second);
        return record;
    }
}
