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
    public void Small_records_come_together_within_bounds_and_none_from_behind_damage()
    {
        using (var spool = new DiskSpool(_folder, 1 << 20))
        {
            for (int i = 0; i < 10; i++)
                spool.Append(1_795_780_800_000 + i, 2, Encoding.UTF8.GetBytes($"record {i}"));
        }
        string segment = Directory.GetFiles(_folder, "*.spool").Single();
        byte[] bytes = File.ReadAllBytes(segment);
        bytes[bytes.AsSpan().IndexOf("record 6"u8)] = (byte)'R';
        File.WriteAllBytes(segment, bytes);
        using var again = new DiskSpool(_folder, 1 << 20);
        Take(again, 5, 1 << 20).Should().Equal("record 0", "record 1");
        Take(again, 1, 1 << 20).Should().Equal(["record 2"], "one comes however large it is");
        Take(again, 100, 17).Should().Equal("record 3", "record 4");
        Take(again, 100, 1 << 20).Should().Equal("record 5");
        Take(again, 100, 1 << 20).Should().Equal("record 7", "record 8", "record 9");
        Take(again, 100, 1 << 20).Should().BeEmpty();
        (again.Count, again.Bytes).Should().Be((0, 0));

        static List<string> Take(DiskSpool spool, int lines, int bytes)
        {
            List<DiskSpool.Record> records = spool.PeekSome(lines, bytes);
            if (records.Count > 0)
                spool.Remove([.. records]);
            return records.ConvertAll(r => Encoding.UTF8.GetString(r.Body));
        }
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

    /// <summary>Where bytes are flipped in the file of ten records: headers, bodies, the last.</summary>
    public static TheoryData<int, int> Flips => new() { { 0, 4 }, { 4, 4 }, { 8, 8 }, { 25, 3 }, { 130, 1 }, { 200, 50 }, { 0, 100 } };

    [Theory]
    [MemberData(nameof(Flips))]
    public void Damage_costs_the_records_that_it_hits_and_is_said(int at, int length)
    {
        Fill();
        byte[] bytes = File.ReadAllBytes(Segment);
        int size = bytes.Length / 10, hit = ((at + length - 1) / size) - (at / size) + 1;
        for (int i = at; i < at + length; i++)
            bytes[i] ^= 0xff;
        File.WriteAllBytes(Segment, bytes);
        List<string> said = [];
        using var again = new DiskSpool(_folder, 1 << 20, said.Add);
        again.Count.Should().Be(10 - hit);
        ReadAll(again).Should().HaveCount(10 - hit).And.EndWith("record 9").And.BeInAscendingOrder();
        said.Should().ContainSingle().Which.Should().Be($"000000000001.spool is damaged at byte {at / size * size}; what is there is not sent");
    }

    [Fact]
    public void Damage_while_it_is_used_costs_the_records_that_it_hits()
    {
        List<string> said = [];
        using DiskSpool spool = Fill(said.Add);
        using (FileStream file = new(Segment, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            file.Position = 30;
            file.Write(new byte[60]);
        }
        ReadAll(spool).Should().HaveCount(7).And.StartWith("record 0");
        (spool.Count, said.Count).Should().Be((0, 1));
    }

    [Theory]
    [InlineData("cut")]
    [InlineData("removed")]
    [InlineData("folder removed")]
    [InlineData("replaced")]
    public void What_is_taken_from_it_while_it_is_used_is_said_and_what_comes_then_is_kept(string how)
    {
        List<string> said = [];
        using DiskSpool spool = Fill(said.Add);
        if (how == "cut")
        {
            using FileStream file = new(Segment, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
            file.SetLength(100);
        }
        else if (how == "folder removed")
        {
            Directory.Delete(_folder, true);
        }
        else
        {
            File.Delete(Segment);
            if (how == "replaced")
                File.WriteAllText(Path.Combine(_folder, "000000000001.spool"), new string('x', 1000));
        }
        List<string> read = ReadAll(spool);
        spool.Append(Now, 1, "after"u8);
        ReadAll(spool).Should().Equal("after");
        read.Count.Should().BeLessThan(10);
        said.Should().ContainSingle();
    }

    [Fact]
    public void What_cannot_be_read_now_is_there_later()
    {
        List<string> said = [];
        using DiskSpool spool = Fill(said.Add);
        string segment = Segment;
        File.Move(segment, segment + ".away");
        File.CreateSymbolicLink(segment, segment);   // "too many levels of symbolic links", as good as "too many open files"
        Action peek = () => spool.Peek();
        peek.Should().Throw<IOException>();
        File.Move(segment + ".away", segment, overwrite: true);
        ReadAll(spool).Should().HaveCount(10);
        said.Should().BeEmpty();
    }

    [Theory]
    [InlineData("999999 0")]
    [InlineData("1 999999")]
    [InlineData("1 -5")]
    [InlineData("\0\0\0")]
    public void A_position_that_makes_no_sense_is_as_good_as_none(string position)
    {
        Fill().Dispose();
        File.WriteAllText(Path.Combine(_folder, "position"), position);
        using var again = new DiskSpool(_folder, 1 << 20);
        ReadAll(again).Should().HaveCount(10);
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

    private const long Now = 1_767_225_600_000;

    private string Segment => Directory.GetFiles(_folder, "*.spool").Single();

    private DiskSpool Fill(Action<string>? damaged = null)
    {
        var spool = new DiskSpool(_folder, 1 << 20, damaged);
        for (int i = 0; i < 10; i++)
            spool.Append(Now + i, 1, Encoding.UTF8.GetBytes($"record {i}"));
        if (damaged is null)
            spool.Dispose();
        return spool;
    }

    private static List<string> ReadAll(DiskSpool spool)
    {
        List<string> all = [];
        while (spool.Peek() is { } record)
        {
            all.Add(Encoding.UTF8.GetString(record.Body));
            spool.Remove(record);
        }
        return all;
    }

    public void Dispose() => Directory.Delete(_folder, true);
}
