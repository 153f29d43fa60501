using System.Runtime.InteropServices;
using Metrics.Formats.Logs;
using Metrics.Formats.Logs.Host;
using Metrics.Model;
using Metrics.Testing;

namespace Metrics.Tests.Formats.Logs;

/// <summary>
/// wtmp and btmp, and what utmpdump prints of them: <c>testdata/wtmp</c> and <c>btmp</c> were made of the first lines of
/// <c>utmpdump.log</c> by <c>utmpdump -r</c>, and <c>last</c> has read them.
/// </summary>
public sealed class LoginRecordsTests
{
    [Fact]
    public void Utmpdump() => LogCases.Check("utmpdump");

    [Fact]
    public void Records_say_what_utmpdump_prints_of_them()
    {
        List<string> binary = [.. Read("wtmp", isFailures: false), .. Read("btmp", isFailures: true)];
        string[] printed = File.ReadAllLines(Cases.Own("utmpdump.expected"));
        binary.Should().HaveCount(13).And.BeEquivalentTo(printed.Take(13), o => o.WithStrictOrdering());
    }

    [Fact]
    public void A_record_is_stored_as_the_text_that_utmpdump_prints_of_it()
    {
        byte[] file = [.. File.ReadAllBytes(Cases.Own("wtmp")), .. File.ReadAllBytes(Cases.Own("btmp"))];
        file.Chunk(LoginRecords.Length).Select(LoginRecords.Format.Binary!.Show)
            .Should().Equal(File.ReadAllLines(Cases.Own("utmpdump.log")).Take(13));
        LoginRecords.Format.Binary.Show(new byte[LoginRecords.Length]).Should().StartWith("bytes that are no record of utmp: 0000");
    }

    [Fact]
    public void Records_of_64_bits_say_the_same()
    {
        byte[] file = File.ReadAllBytes(Cases.Own("wtmp"));
        var record = new LogRecord();
        for (int at = 0; at < file.Length; at += LoginRecords.Length)
        {
            ReadOnlySpan<byte> entry = file.AsSpan(at, LoginRecords.Length);
            byte[] wide = new byte[LoginRecords.WideLength];
            entry[..336].CopyTo(wide);
            entry.Slice(340, 4).CopyTo(wide.AsSpan(344));
            entry.Slice(344, 4).CopyTo(wide.AsSpan(352));
            entry.Slice(348, 36).CopyTo(wide.AsSpan(360));
            record.Clear();
            LoginRecords.TryRead(entry, isFailures: false, record).Should().BeTrue();
            string expected = LogCases.Describe(record);
            record.Clear();
            LoginRecords.TryRead(wide, isFailures: false, record).Should().BeTrue();
            LogCases.Describe(record).Should().Be(expected);
        }
    }

    [Theory]
    [InlineData(Architecture.X64, 384)]
    [InlineData(Architecture.X86, 384)]
    [InlineData(Architecture.Arm, 384)]
    [InlineData(Architecture.RiscV64, 384)]
    [InlineData(Architecture.Ppc64le, 384)]
    [InlineData(Architecture.Arm64, 400)]
    [InlineData(Architecture.LoongArch64, 400)]
    [InlineData(Architecture.S390x, 400)]
    public void Records_are_as_long_as_glibc_has_them_on_that_machine(Architecture machine, int length) =>
        LoginRecords.LengthOn(machine).Should().Be(length);

    [Fact]
    public void A_user_in_btmp_has_failed_whatever_the_type()
    {
        byte[] file = File.ReadAllBytes(Cases.Own("wtmp"));
        var record = new LogRecord();
        LoginRecords.TryRead(file.AsSpan(5 * LoginRecords.Length, LoginRecords.Length), isFailures: true, record).Should().BeTrue();
        (record.Kind, record[EventFields.Outcome], record[EventFields.UserName], record[EventFields.SourceIp])
            .Should().Be((EventKinds.HostLogin, "failure", "ann", "192.0.2.7"));
    }

    [Fact]
    public void Bytes_that_are_no_record_are_told_and_never_throw()
    {
        byte[] file = File.ReadAllBytes(Cases.Own("wtmp"));
        var record = new LogRecord();
        var random = new Random(7);
        LoginRecords.TryRead(new byte[LoginRecords.Length], isFailures: false, record).Should().BeFalse();
        LoginRecords.TryRead(file.AsSpan(0, 100), isFailures: false, record).Should().BeFalse();
        for (int round = 0; round < 5000; round++)
        {
            byte[] entry = file.AsSpan(random.Next(10) * LoginRecords.Length, LoginRecords.Length).ToArray();
            for (int flips = random.Next(8); flips >= 0; flips--)
                entry[random.Next(entry.Length)] = (byte)random.Next(256);
            record.Clear();
            LoginRecords.TryRead(entry, isFailures: round % 2 == 0, record);
        }
    }

    private static IEnumerable<string> Read(string name, bool isFailures)
    {
        byte[] file = File.ReadAllBytes(Cases.Own(name));
        var record = new LogRecord();
        for (int at = 0; at < file.Length; at += LoginRecords.Length)
        {
            record.Clear();
            LoginRecords.TryRead(file.AsSpan(at, LoginRecords.Length), isFailures, record).Should().BeTrue();
            record.Set(EventFields.Dataset, "utmpdump");
            yield return LogCases.Describe(record);
        }
    }
}
