using System.Buffers.Binary;
using System.Text;
using Metrics.Formats.Logs;
using Metrics.Model;

namespace Metrics.Tests.Formats.Logs;

/// <summary>Entries of a journal as <c>journalctl --output=export</c> writes them.</summary>
public sealed class JournalExportTests
{
    /// <summary>As journalctl 252 has written it.</summary>
    private const string Login = """
        __CURSOR=s=d26d5570e3684a1aa4e66f34d0592544;i=1;b=11111111111111111111111111111111;m=3e8;t=60a24181e4000;x=ea7dd4b09660f51d
        __REALTIME_TIMESTAMP=1700000000000123
        __MONOTONIC_TIMESTAMP=1000
        _BOOT_ID=11111111111111111111111111111111
        _HOSTNAME=node1
        PRIORITY=6
        SYSLOG_IDENTIFIER=sshd
        SYSLOG_FACILITY=10
        _COMM=sshd
        _SYSTEMD_UNIT=ssh.service
        _PID=77
        MESSAGE=Accepted publickey for root from 192.0.2.7 port 22 ssh2


        """;

    [Fact]
    public void An_entry_has_its_fields_and_what_its_message_says()
    {
        (string message, string cursor, string fields) = Read(Login).Single();
        message.Should().Be("Accepted publickey for root from 192.0.2.7 port 22 ssh2");
        cursor.Should().Be(
            "s=d26d5570e3684a1aa4e66f34d0592544;i=1;b=11111111111111111111111111111111;m=3e8;t=60a24181e4000;x=ea7dd4b09660f51d");
        fields.Should().StartWith("host.login 9 1700000000000123000 ").And.ContainAll(
            "host.name=node1", "service.name=sshd", "process.name=sshd", "process.pid=77", "systemd.unit=ssh.service", "log.level=info",
            "log.syslog.facility.name=authpriv", "user.name=root", "source.ip=192.0.2.7", "event.outcome=success", "event.dataset=sshd");
    }

    [Theory]
    [InlineData("MESSAGE=plain", "plain", "log 0 - ")]
    [InlineData("PRIORITY=3", "", "log 17 - log.level=err")]
    [InlineData("PRIORITY=8", "", "log 0 - ")]
    [InlineData("PRIORITY=-1", "", "log 0 - ")]
    [InlineData("PRIORITY=3x", "", "log 0 - ")]
    [InlineData("PRIORITY=", "", "log 0 - ")]
    [InlineData("SYSLOG_FACILITY=23", "", "log 0 - log.syslog.facility.name=local7")]
    [InlineData("SYSLOG_FACILITY=24", "", "log 0 - ")]
    [InlineData("_COMM=dnsmasq", "", "log 0 - service.name=dnsmasq process.name=dnsmasq")]
    [InlineData("_COMM=python3\nSYSLOG_IDENTIFIER=nova-api", "", "log 0 - service.name=nova-api process.name=nova-api")]
    [InlineData("MESSAGE=first\nMESSAGE=second", "first", "log 0 - ")]
    [InlineData("__REALTIME_TIMESTAMP=2", "", "log 0 2000 ")]
    [InlineData("__REALTIME_TIMESTAMP=2\n_SOURCE_REALTIME_TIMESTAMP=1", "", "log 0 1000 ")]
    [InlineData("__REALTIME_TIMESTAMP=2\n_SOURCE_REALTIME_TIMESTAMP=soon", "", "log 0 2000 ")]
    [InlineData("_SOURCE_REALTIME_TIMESTAMP=9223372036854775807", "", "log 0 - ")]
    [InlineData("_SOURCE_REALTIME_TIMESTAMP=99999999999999999999999", "", "log 0 - ")]
    [InlineData("MESSAGE=a=b=c\nMESSAGES=x\nX_MESSAGE=y", "a=b=c", "log 0 - ")]
    [InlineData("\n\nMESSAGE=behind empty lines", "behind empty lines", "log 0 - ")]
    public void Cases(string entry, string message, string fields)
    {
        (string said, _, string read) = Read(entry + "\n\n").Single();
        (said, read).Should().Be((message, fields));
    }

    [Theory]
    [InlineData("Started OpenStack Compute.", "nova-compute.service", "service.start", "service.name=nova-compute")]
    [InlineData("Stopped nova-compute.service - OpenStack Compute.", "nova-compute.service", "service.stop", "service.name=nova-compute")]
    [InlineData("nova-api.service: Failed with result 'signal'.", "nova-api.service", "service.crash", "service.name=nova-api")]
    [InlineData("Started Cleanup of things.", "clean.timer", "log", "service.name=systemd")]
    [InlineData("Started OpenStack Compute.", null, "service.start", "service.name=OpenStack Compute")]
    public void What_systemd_says_is_of_the_unit_that_the_journal_names(string message, string? unit, string kind, string service)
    {
        string about = unit is null ? "" : $"UNIT={unit}\n";
        string fields = Read($"_PID=1\nSYSLOG_IDENTIFIER=systemd\n{about}MESSAGE={message}\n\n").Single().Fields;
        fields.Should().StartWith(kind + " ").And.Contain(service);
    }

    [Fact]
    public void Others_may_not_say_of_which_unit_they_speak()
    {
        string fields = Read("_PID=77\nSYSLOG_IDENTIFIER=sshd\nUNIT=x.service\nMESSAGE=Received signal 15; terminating.\n\n").Single().Fields;
        fields.Should().StartWith("service.stop ").And.Contain("service.name=sshd");
    }

    [Fact]
    public void A_message_may_be_of_any_bytes_and_lines()
    {
        byte[] bytes =
        [
            .. Binary("MESSAGE", "two\nlines\n\nPRIORITY=1\0 \u00FF"u8), .. "PRIORITY=4\n\n"u8,
            .. Binary("MESSAGE", [0xFF, (byte)'x']), (byte)'\n',
        ];
        Read(bytes, bytes.Length).Select(e => (e.Message, e.Fields)).Should().Equal(
            ("two\nlines\n\nPRIORITY=1\0 \u00FF", "log 13 - log.level=warning"), ("\uFFFDx", "log 0 - "));
    }

    [Fact]
    public void Pieces_of_any_size_give_the_same_entries()
    {
        byte[] login = Encoding.UTF8.GetBytes(Login);
        byte[] bytes =
            [.. login, .. Binary("MESSAGE", "\n\n\0"u8), .. "_PID=1\n"u8, .. Binary("EMPTY", []), (byte)'\n', .. login];
        List<(string, string, string)> whole = Read(bytes, bytes.Length);
        whole.Should().HaveCount(3);
        for (int size = 1; size < bytes.Length; size++)
            Read(bytes, size).Should().Equal(whole, $"of {size} bytes");
    }

    [Fact]
    public void A_message_of_a_hundred_megabytes_takes_no_more_memory_than_is_kept_of_it()
    {
        const int Size = 100_000_000;
        var export = new JournalExport();
        byte[] piece = new byte[100_000];
        piece.AsSpan().Fill((byte)'x');
        Feed(export, "MESSAGE\n"u8);
        byte[] size = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(size, Size);
        Feed(export, size);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int at = 0; at < Size; at += piece.Length)
            Feed(export, piece);
        (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(8 * JournalEntry.MaxValueLength);
        ReadOnlySpan<byte> end = "\n_PID=1\n\n"u8;
        export.Read(ref end).Should().BeTrue();
        export.Entry.Message.Should().HaveLength(JournalEntry.MaxValueLength);
        export.Entry[JournalField.ProcessId].ToArray().Should().Equal("1"u8.ToArray());
    }

    [Theory]
    [InlineData("=x\n")]
    [InlineData("MESSAGE\n\u0001\0\0\0\0\0\0\0ab\n")]
    public void What_is_no_journal_is_refused(string text)
    {
        Action read = () => Read(text);
        read.Should().Throw<InvalidDataException>();
    }

    [Fact]
    public void A_name_that_never_ends_is_refused() =>
        FluentActions.Invoking(() => Read(new string('A', 300))).Should().Throw<InvalidDataException>();

    [Fact]
    public void Broken_bytes_are_refused_or_read_and_nothing_else()
    {
        var random = new Random(13);
        byte[] good = [.. Encoding.UTF8.GetBytes(Login), .. Binary("MESSAGE", "\n\0"u8), (byte)'\n', .. Encoding.UTF8.GetBytes(Login)];
        for (int i = 0; i < 20_000; i++)
        {
            byte[] bytes = [.. good];
            for (int n = random.Next(1, 4); n > 0; n--)
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            try
            {
                Read(bytes, random.Next(1, bytes.Length)).Count.Should().BeLessThan(6);
            }
            catch (InvalidDataException)
            {
                // It says so.
            }
        }
    }

    private static void Feed(JournalExport export, ReadOnlySpan<byte> bytes) => export.Read(ref bytes).Should().BeFalse();

    private static byte[] Binary(string name, ReadOnlySpan<byte> value)
    {
        byte[] size = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(size, value.Length);
        return [.. Encoding.UTF8.GetBytes(name), (byte)'\n', .. size, .. value, (byte)'\n'];
    }

    private static List<(string Message, string Cursor, string Fields)> Read(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        return Read(bytes, bytes.Length);
    }

    private static List<(string Message, string Cursor, string Fields)> Read(byte[] bytes, int size)
    {
        var export = new JournalExport();
        var record = new LogRecord();
        var entries = new List<(string, string, string)>();
        for (int at = 0; at < bytes.Length; at += size)
        {
            ReadOnlySpan<byte> piece = bytes.AsSpan(at, Math.Min(size, bytes.Length - at));
            while (export.Read(ref piece))
            {
                export.Entry.ReadTo(record);
                IEnumerable<string> fields = Enumerable.Range(0, record.Count).Select(i => $"{record[i].Name}={record[i].Value}");
                string time = record.Time is { } given ? $"{given}" : "-";
                string read = $"{record.Kind} {record.SeverityNumber} {time} {string.Join(' ', fields)}";
                entries.Add((export.Entry.Message, export.Entry.Cursor, read));
            }
        }
        return entries;
    }
}
