using System.Globalization;
using System.Text;
using Metrics.Formats.Logs;
using Metrics.Formats.Syslog;
using Metrics.Model;

namespace Metrics.Tests.Formats.Syslog;

/// <summary>What messages become, and how they are told apart on a stream.</summary>
public sealed class SyslogTests
{
    private static readonly long s_now = Nanoseconds("2026-11-26T10:00:00Z");

    /// <summary>
    /// A file holds a message a line; <c>\xHH</c> stands for a byte; a line <c># now TIME ZONE</c> sets the present for those behind it.
    /// </summary>
    [Fact]
    public void Own_cases_become_the_events_written_down()
    {
        string[] files = Directory.GetFiles(Cases.Own(""), "*.log");
        files.Should().NotBeEmpty();
        foreach (string file in files)
        {
            string actual = Events(File.ReadAllLines(file));
            string expected = Path.ChangeExtension(file, ".expected");
            if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1")
                File.WriteAllText(expected, actual);
            actual.Should().Be(File.ReadAllText(expected), $"UPDATE_GOLDEN=1 writes {Path.GetFileName(expected)}");
        }
    }

    [Fact]
    public void The_cases_of_telegraf_become_what_telegraf_makes_of_them()
    {
        foreach (string file in Cases.Extra("logs", "telegraf-syslog", "input.txt"))
        {
            string name = Path.GetFileName(Path.GetDirectoryName(file)!);
            string golden = Path.Combine(Path.GetDirectoryName(file)!, "expected.out");
            // Where telegraf refuses a message, we keep what came.
            if (!File.Exists(golden) || File.Exists(Path.ChangeExtension(golden, ".err")))
                continue;
            SyslogFraming framing =
                name.StartsWith("octet", StringComparison.Ordinal) || name.Contains("octet_counting", StringComparison.Ordinal)
                ? SyslogFraming.OctetCounting : SyslogFraming.NewLine;
            List<byte[]> frames =
                name.Contains("udp", StringComparison.Ordinal) ? [File.ReadAllBytes(file)] : Frames(framing, File.ReadAllBytes(file));
            string expected = File.ReadAllText(golden);
            foreach (byte[] frame in frames)
            {
                SyslogMessage message = SyslogParser.Parse(frame, s_now, TimeZoneInfo.Utc);
                message.IsBroken.Should().BeFalse(name);
                expected.Should().Contain($"severity_code={message.Priority & 7}i")
                    .And.Contain($"facility_code={message.Priority >> 3}i", name);
                if (message.Form == SyslogForm.Rfc5424 && message.TimeState == SyslogTimeState.Given)
                    expected.Should().Contain($"timestamp={message.Time}i", name);
                string body =
                    Encoding.UTF8.GetString(message.Body).Replace("\\", "\\\\", StringComparison.Ordinal)
                    .Replace("\"", "\\\"", StringComparison.Ordinal);
                expected.Replace("\\n", "\n", StringComparison.Ordinal).Contains(body.TrimEnd(), StringComparison.Ordinal).Should()
                    .BeTrue(name);
                (string App, string Host) named = (Encoding.UTF8.GetString(message.App), Encoding.UTF8.GetString(message.Host));
                expected.Contains($"appname={named.App}", StringComparison.Ordinal).Should().Be(named.App.Length > 0, name);
                expected.Contains($"hostname={named.Host}", StringComparison.Ordinal).Should().Be(named.Host.Length > 0, name);
            }
        }
    }

    [Theory]
    [InlineData("loghub-linux", "Linux_part1.log")]
    public void Every_line_of_real_syslog_files_has_time_host_and_program(string source, string pattern)
    {
        foreach (string file in Cases.Extra("logs", source, pattern))
        {
            foreach (string line in File.ReadLines(file).Where(l => l.Length > 0))
            {
                SyslogMessage message = SyslogParser.Parse(Encoding.UTF8.GetBytes(line), s_now, TimeZoneInfo.Utc);
                message.TimeState.Should().Be(SyslogTimeState.Given, line);
                Encoding.UTF8.GetString(message.Host).Should().Be(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[3], line);
            }
        }
    }

    [Theory]
    [InlineData("Dec 31 23:59:59", "2027-01-01T00:00:05Z", "2026-12-31T23:59:59Z")]
    [InlineData("Jan  1 00:00:03", "2026-12-31T23:59:58Z", "2027-01-01T00:00:03Z")]
    [InlineData("Jan  1 00:00:03", "2027-01-01T00:00:05Z", "2027-01-01T00:00:03Z")]
    [InlineData("Nov 28 10:00:00", "2026-11-26T10:00:00Z", "2025-11-28T10:00:00Z")]
    [InlineData("Feb 29 10:00:00", "2026-11-26T10:00:00Z", "2024-02-29T10:00:00Z")]
    public void A_time_without_year_is_the_newest_that_is_not_over_a_day_ahead(string stamp, string now, string expected)
    {
        SyslogMessage message = SyslogParser.Parse(Encoding.ASCII.GetBytes($"<13>{stamp} h t: x"), Nanoseconds(now), TimeZoneInfo.Utc);
        message.Time.Should().Be(Nanoseconds(expected));
    }

    [Fact]
    public void A_time_without_zone_is_of_the_zone_that_is_given()
    {
        TimeZoneInfo berlin = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");
        SyslogParser.Parse("<13>Jul  1 12:00:00 h t: x"u8, s_now, berlin).Time.Should().Be(Nanoseconds("2026-07-01T10:00:00Z"));
        SyslogParser.Parse("<13>Nov  1 12:00:00 h t: x"u8, s_now, berlin).Time.Should().Be(Nanoseconds("2026-11-01T11:00:00Z"));
    }

    [Theory]
    [InlineData(SyslogFraming.Auto, "5 <1>ab<2>c\n8 <3>d\ne\nf<4>g", "<1>ab|<2>c|<3>d\ne\nf|<4>g")]
    [InlineData(SyslogFraming.Auto, "2026-11-26T10:00:00 no priority\n12 monkeys\n\n\0x\0", "2026-11-26T10:00:00 no priority|12 monkeys|x")]
    [InlineData(SyslogFraming.Auto, "99999999999999999999 <1>\nok\n", "99999999999999999999 <1>|ok")]
    [InlineData(SyslogFraming.NewLine, "5 <1>ab\r\n<2>c\0", "5 <1>ab|<2>c")]
    [InlineData(SyslogFraming.OctetCounting, "3 abc\n4 d\ne\n", "abc|d\ne\n")]
    public void Messages_are_told_apart(SyslogFraming framing, string stream, string expected) =>
        Frames(framing, Encoding.Latin1.GetBytes(stream)).Select(Encoding.Latin1.GetString).Should().Equal(expected.Split('|'));

    [Fact]
    public void A_stream_stays_in_step_behind_a_message_that_is_too_long()
    {
        Frames(SyslogFraming.Auto, Encoding.Latin1.GetBytes($"100 <1>{new string('x', 97)}5 <2>ab<3>{new string('y', 97)}\n<4>c\n"),
            maxLength: 10)
            .Select(Encoding.Latin1.GetString).Should().Equal("<1>xxxxxxx", "<2>ab", "<3>yyyyyyy", "<4>c");
    }

    [Theory]
    [InlineData("abc <1>x")]
    [InlineData("0000000001234 <1>x")]
    [InlineData("0 <1>x")]
    public void A_count_that_is_none_ends_a_counted_stream(string stream)
    {
        ReadOnlySpan<byte> rest = Encoding.Latin1.GetBytes(stream);
        new SyslogFrameReader(SyslogFraming.OctetCounting, 100).Read(ref rest, out _).Should().Be(FrameResult.Invalid);
    }

    [Fact]
    public void A_counted_message_that_breaks_off_is_known_to_be_half()
    {
        var reader = new SyslogFrameReader(SyslogFraming.Auto, 100);
        reader.Finish("16 <1>2"u8, out ReadOnlySpan<byte> half).Should().BeTrue();
        Encoding.Latin1.GetString(half).Should().Be("<1>2");
        reader.Finish("<1>last line"u8, out ReadOnlySpan<byte> last).Should().BeFalse();
        Encoding.Latin1.GetString(last).Should().Be("<1>last line");
    }

    [Fact]
    public void Thousands_of_parameters_are_cut_at_the_bound()
    {
        string data = string.Concat(Enumerable.Range(0, 5000).Select(i => $" p{i}=\"{i}\""));
        using var batch = new EventBatch("test");
        SyslogMessage message = SyslogParser.Parse(Encoding.ASCII.GetBytes($"<13>1 - h a - - [x{data}] m"), s_now, TimeZoneInfo.Utc);
        SyslogEvents.Add(batch, message, s_now, "", new LogRecord()).Should().Be(SyslogFaults.Parameters);
        batch.FieldsOf(0).Length.Should().BeLessThan(SyslogEvents.MaxParameters + 10);
        Encoding.UTF8.GetString(batch.BodyOf(0)).Should().Be("m");
    }

    [Fact]
    public void Parsing_allocates_nothing()
    {
        byte[][] lines =
        [
            .. new[]
            {
                "<165>1 2026-10-11T22:14:15.003Z host app 12 ID47 [a b=\"c\" d=\"\\\"\"][e] text", "<34>Oct 11 22:14:15 host su[12]: text",
                "<189>29: *Mar  1 18:46:11.123 UTC: %SYS-5-CONFIG_I: Configured", "plain",
            }.Select(Encoding.ASCII.GetBytes),
        ];
        TimeZoneInfo berlin = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");
        ParseAll(lines, berlin);
        Allocations.Of(() => ParseAll(lines, berlin)).Should().Be(0);
    }

    private static void ParseAll(byte[][] lines, TimeZoneInfo zone)
    {
        foreach (byte[] line in lines)
        {
            var reader = new StructuredDataReader(SyslogParser.Parse(line, s_now, zone).StructuredData);
            while (reader.Read())
            {
                // Reading is what is measured.
            }
        }
    }

    private static List<byte[]> Frames(SyslogFraming framing, byte[] stream, int maxLength = 65536)
    {
        var reader = new SyslogFrameReader(framing, maxLength);
        var frames = new List<byte[]>();
        ReadOnlySpan<byte> rest = stream;
        while (reader.Read(ref rest, out ReadOnlySpan<byte> frame) == FrameResult.Frame)
            frames.Add(frame.ToArray());
        if (!reader.Finish(rest, out ReadOnlySpan<byte> last) && !last.IsEmpty)
            frames.Add(last.ToArray());
        return frames;
    }

    private static string Events(string[] lines)
    {
        var text = new StringBuilder();
        (long now, TimeZoneInfo zone) = (s_now, TimeZoneInfo.Utc);
        foreach (string line in lines)
        {
            if (line.StartsWith("# now ", StringComparison.Ordinal))
            {
                string[] words = line.Split(' ');
                (now, zone) = (Nanoseconds(words[2]), TimeZoneInfo.FindSystemTimeZoneById(words[3]));
                continue;
            }
            using var batch = new EventBatch("test");
            SyslogFaults faults = SyslogEvents.Add(batch, SyslogParser.Parse(Bytes(line), now, zone), now, "192.0.2.1", new LogRecord());
            text.Append(CultureInfo.InvariantCulture, $"{line}\n  {Time(batch.Times[0])} {batch.Kinds[0]} severity {batch.Severities[0]}");
            text.Append(faults == SyslogFaults.None ? "\n" : $" faults: {faults}\n");
            foreach (EventField field in batch.FieldsOf(0).ToArray())
                text.Append(CultureInfo.InvariantCulture, $"  {field.Name}={field.Value}\n");
            text.Append(CultureInfo.InvariantCulture, $"  body: {System.Text.Json.JsonSerializer.Serialize(batch.ToEvent(0).Body)}\n");
        }
        return text.ToString();
    }

    private static byte[] Bytes(string line)
    {
        var bytes = new List<byte>();
        for (int i = 0; i < line.Length; i++)
        {
            if (line[i] == '\\' && i + 3 < line.Length && line[i + 1] == 'x')
            {
                bytes.Add(Convert.FromHexString(line.AsSpan(i + 2, 2))[0]);
                i += 3;
            }
            else
            {
                bytes.AddRange(Encoding.UTF8.GetBytes(line[i].ToString()));
            }
        }
        return [.. bytes];
    }

    private static string Time(long nanoseconds) =>
        DateTime.UnixEpoch.AddTicks(nanoseconds / 100).ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff", CultureInfo.InvariantCulture)
        + (nanoseconds % 100).ToString("00", CultureInfo.InvariantCulture) + "Z";

    private static long Nanoseconds(string time) =>
        (DateTimeOffset.Parse(time, CultureInfo.InvariantCulture) - DateTimeOffset.UnixEpoch).Ticks * 100;
}
