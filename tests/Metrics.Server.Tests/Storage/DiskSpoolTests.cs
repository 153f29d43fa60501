using System.Text;
using Metrics.Storage.Spool;

namespace Metrics.Tests.Storage;

public sealed class DiskSpoolTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("spool").FullName;

    [Fact]
    public void Records_come_back_in_order_also_after_a_restart()
    {
        using (var spool = new DiskSpool(_folder, 1 << 20))
        {
            for (int i = 0; i < 100; i++)
                spool.Append(i, 1, Encoding.UTF8.GetBytes($"record {i}"));
            for (int i = 0; i < 40; i++)
                spool.Remove(spool.Peek()!.Value);
        }
        using var again = new DiskSpool(_folder, 1 << 20);
        again.Count.Should().Be(60);
        for (int i = 40; i < 100; i++)
        {
            DiskSpool.Record record = again.Peek()!.Value;
            Encoding.UTF8.GetString(record.Body).Should().Be($"record {i}");
            again.Remove(record);
        }
        again.Peek().Should().BeNull();
        again.Bytes.Should().Be(0, "what was read takes no room");
    }

    [Fact]
    public void A_torn_last_record_is_cut_off()
    {
        using (var spool = new DiskSpool(_folder, 1 << 20))
        {
            spool.Append(1, 1, "whole"u8);
            spool.Append(2, 1, "torn apart"u8);
        }
        string segment = Directory.GetFiles(_folder, "*.spool").Single();
        using (FileStream file = File.OpenWrite(segment))
            file.SetLength(file.Length - 3);
        using var again = new DiskSpool(_folder, 1 << 20);
        again.Count.Should().Be(1);
        again.Append(3, 1, "after"u8);
        again.Remove(again.Peek()!.Value);
        Encoding.UTF8.GetString(again.Peek()!.Value.Body).Should().Be("after");
    }

    [Fact]
    public void A_damaged_record_hides_nothing_before_it()
    {
        using (var spool = new DiskSpool(_folder, 1 << 20))
        {
            spool.Append(1, 1, "first"u8);
            spool.Append(2, 1, "second"u8);
        }
        string segment = Directory.GetFiles(_folder, "*.spool").Single();
        byte[] bytes = File.ReadAllBytes(segment);
        bytes[^1] ^= 0xff;
        File.WriteAllBytes(segment, bytes);
        using var again = new DiskSpool(_folder, 1 << 20);
        Encoding.UTF8.GetString(again.Peek()!.Value.Body).Should().Be("first");
        again.Count.Should().Be(1);
    }

    [Fact]
    public void At_the_bound_the_oldest_goes_and_its_lines_are_counted()
    {
        using var spool = new DiskSpool(_folder, 1 << 20);
        int dropped = 0;
        for (int i = 0; i < 40; i++)
            dropped += spool.Append(i, 10, new byte[64 * 1024]);
        spool.Bytes.Should().BeLessThanOrEqualTo(1 << 20);
        dropped.Should().BePositive();
        (dropped + (spool.Count * 10)).Should().Be(400, "every line is there or counted");
        spool.Peek()!.Value.Time.Should().Be(40 - spool.Count);
    }

    public void Dispose() => Directory.Delete(_folder, true);
}
