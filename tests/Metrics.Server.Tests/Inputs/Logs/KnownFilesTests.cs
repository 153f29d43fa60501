using Metrics.Inputs.Logs;
using Metrics.Model;
using Metrics.Storage.Events;

namespace Metrics.Tests.Inputs.Logs;

/// <summary>A file is known again by device, number and start: none of them says it alone.</summary>
public sealed class KnownFilesTests
{
    [Theory]
    [InlineData("/log/a.log", 1, 7, "a header\nand more", true, "it has grown")]
    [InlineData("/log/other", 1, 7, "a header\nand more", true, "it was moved")]
    [InlineData("/log/a.log", 2, 7, "a header\nand more", true, "the device has another number since a reboot")]
    [InlineData("/log/a.log.1", 2, 7, "a header\nand more", true, "and it was rotated before")]
    [InlineData("/else/a.log", 2, 7, "a header\nand more", false, "it may be of another file system that was made as the first")]
    [InlineData("/log/a.log", 1, 7, "another text", false, "the number was used again")]
    [InlineData("/log/a.log", 2, 7, "another text", false, "it is another file")]
    [InlineData("/log/a.log", 1, 8, "a header\nand more", false, "it is another file, which begins alike")]
    public void One_that_was_read_goes_on_only_where_it_is_the_same(
        string path, int device, int inode, string text, bool isKnown, string why)
    {
        byte[] head = System.Text.Encoding.UTF8.GetBytes(text);
        var position = new FilePosition("id", "/log/a.log", "/log/a.log", 1, 7, FileStart.Of("a header\n"u8), 9);
        var known = new KnownFiles([position]);
        (known.Take(path, new FileStat(device, inode, head.Length, 0, 0, true), head) is not null).Should().Be(isKnown, why);
        known.TakeOpen().Should().HaveCount(isKnown ? 0 : 1);
    }

    [Fact]
    public async Task After_a_reboot_that_numbers_devices_anew_each_file_is_read_on()
    {
        await using var logs = new LogFolder("start: beginning, multiline: none", "*.log*");
        string start = new('x', FileStart.MaxLength);
        logs.Append("short.log", "1\n");
        logs.Append("long.log", start + "1\n");
        logs.Append("moved.log", "1\n");
        await logs.StartAsync();
        await logs.EventsAsync(3);
        await logs.StopAsync();
        await logs.NumberDevicesAnewAsync();
        logs.Append("short.log", "2\n");
        logs.Append("long.log", "2\n");
        logs.Append("moved.log", "2\n");
        logs.Move("moved.log", "moved.log.1");
        await logs.StartAsync();
        List<Event> events = await logs.EventsAsync(6);
        events.Should().OnlyContain(e => e.Kind == EventKinds.Log);
        events.Select(e => e.Body).Should().BeEquivalentTo("1", start + "1", "1", "2", "2", "2");
        LedgerReport ledger = await logs.LedgerAsync();
        ledger.IsComplete.Should().BeTrue(string.Join('\n', ledger.Gaps));
        ledger.Rows.Select(r => r.Part).Distinct().Should().HaveCount(3);
    }
}
