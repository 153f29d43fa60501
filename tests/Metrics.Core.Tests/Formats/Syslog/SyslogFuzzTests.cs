using System.Globalization;
using System.Text;
using Metrics.Formats.Logs;
using Metrics.Formats.Syslog;
using Metrics.Model;

namespace Metrics.Tests.Formats.Syslog;

/// <summary>Random and mutated messages and streams. METRICS_FUZZ sets the number of inputs.</summary>
public sealed class SyslogFuzzTests
{
    private static readonly int s_inputs =
        int.Parse(Environment.GetEnvironmentVariable("METRICS_FUZZ") ?? "50000", CultureInfo.InvariantCulture);

    private static readonly long s_now = new DateTimeOffset(2026, 11, 26, 10, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds() * 1_000_000;

    private static readonly TimeZoneInfo s_berlin = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");

    private static readonly string[] s_seeds =
    [
        "<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 [example@32473 iut=\"3\" src=\"App\\\"l\\\\\\]\"] "
            + "\u00EF\u00BB\u00BFAn event",
        "<34>1 2026-11-26T09:59:00.123456789+01:00 h su 77 ID [a][b c=\"\"] text", "<1>1 - - - - - -",
        "<13>1 2026-02-30T00:00:00Z h a - - - x",
        "<34>Oct 11 22:14:15 mymachine su: 'su root' failed", "<13>Nov  6 1:02:03 h x", "Dec 31 23:59:60 h cron[12]: job",
        "<4>Feb 29 10:00:00 h k: y",
        "<13>2026-11-26T10:00:00.5+00:00 h sshd[1]: hi", "<189>29: *Mar  1 18:46:11.123 UTC: %SYS-5-CONFIG_I: Configured",
        "<189>30: edge1: .Mar  1 2026 18:46:11: %X-1-Y: z", "<13>Nov 26 10:00:00 2026 h t: m", "<13>tag[pid]: text",
        "<13>Nov 26 10:00:00 su[4] text",
        "<999>what", "<13>Nov 26 10:00:00 ::1 perl::mod: a", "<13>Nov 26 10:00:00 h http://x y", "<13>Nov 26 10:00:00 h tag:text\r\n",
    ];

    [Fact]
    public void A_message_is_read_as_the_slow_reader_reads_it()
    {
        var random = new Random(20261126);
        int understood = 0;
        for (int i = 0; i < s_inputs; i++)
        {
            byte[] line = Mutate(random);
            TimeZoneInfo zone = i % 2 == 0 ? TimeZoneInfo.Utc : s_berlin;
            SyslogMessage message = SyslogParser.Parse(line, s_now, zone);
            string ours = Describe(message);
            string slow = SlowSyslog.Describe(Encoding.Latin1.GetString(line), s_now, zone);
            if (ours != slow)
                ours.Should()
                    .Be(slow, $"the line is {System.Text.Json.JsonSerializer.Serialize(Encoding.Latin1.GetString(line))} in {zone.Id}");
            if (message.Form != SyslogForm.Plain)
                understood++;
        }
        understood.Should().BeGreaterThan(s_inputs / 5, "a fuzz that only ever sees plain text tests nothing");
    }

    [Fact]
    public void Every_message_becomes_one_event_whatever_its_bytes()
    {
        var random = new Random(7);
        using var batch = new EventBatch("test");
        var record = new LogRecord();
        for (int i = 0; i < s_inputs / 5; i++)
        {
            byte[] line = Mutate(random);
            SyslogEvents.Add(batch, SyslogParser.Parse(line, s_now, s_berlin), s_now, "192.0.2.1", record);
            batch.Count.Should().Be(i + 1);
            if (batch.Faults.Count > 0)
                throw new InvalidOperationException($"the line is {Convert.ToHexString(line)}", batch.Faults[0]);
            Math.Abs(batch.Times[i] - s_now).Should().BeLessThanOrEqualTo(SyslogEvents.MaxAge);
        }
    }

    [Theory]
    [InlineData(SyslogFraming.Auto)]
    [InlineData(SyslogFraming.NewLine)]
    [InlineData(SyslogFraming.OctetCounting)]
    public void A_stream_gives_the_same_messages_however_it_is_cut_into_reads(SyslogFraming framing)
    {
        var random = new Random(11);
        for (int i = 0; i < s_inputs / 50; i++)
        {
            byte[] stream = Stream(random, i % 4 == 0 ? null : framing);
            List<string> whole = Frames(framing, stream, stream.Length);
            Frames(framing, stream, 1).Should().Equal(whole, Encoding.Latin1.GetString(stream));
            Frames(framing, stream, random.Next(1, 40)).Should().Equal(whole, Encoding.Latin1.GetString(stream));
        }
    }

    [Fact]
    public void Any_bytes_of_RELP_give_the_same_frames_however_they_are_cut()
    {
        var random = new Random(13);
        for (int i = 0; i < s_inputs / 50; i++)
        {
            var stream = new StringBuilder();
            for (int f = random.Next(1, 5); f > 0; f--)
            {
                string data = new('d', random.Next(0, 60));
                stream.Append(
                    CultureInfo.InvariantCulture,
                    $"{random.Next(0, 1_000_000_000)} syslog {data.Length}{(data.Length > 0 ? " " : "")}{data}\n");
            }
            byte[] bytes = Encoding.Latin1.GetBytes(stream.ToString());
            if (i % 3 == 0)
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            RelpFrames(bytes, 1).Should().Equal(RelpFrames(bytes, bytes.Length), Encoding.Latin1.GetString(bytes));
        }
    }

    internal static string Describe(SyslogMessage message)
    {
        static string Text(ReadOnlySpan<byte> bytes) => Encoding.Latin1.GetString(bytes);
        return SlowSyslog.Line(
            message.Form, message.Priority, message.TimeState, message.Time, Text(message.Host), Text(message.App), Text(message.ProcessId),
            Text(message.MessageId), Text(message.StructuredData), Text(message.Body), message.IsBroken);
    }

    private static List<string> Frames(SyslogFraming framing, byte[] stream, int step)
    {
        var reader = new SyslogFrameReader(framing, 40);
        var frames = new List<string>();
        int start = 0;
        for (int end = Math.Min(step, stream.Length); ; end = Math.Min(end + step, stream.Length))
        {
            ReadOnlySpan<byte> rest = stream.AsSpan(start..end);
            FrameResult result;
            while ((result = reader.Read(ref rest, out ReadOnlySpan<byte> frame)) == FrameResult.Frame)
                frames.Add(Encoding.Latin1.GetString(frame) + (reader.WasCut ? " (cut)" : ""));
            start = end - rest.Length;
            if (result == FrameResult.Invalid)
                return [.. frames, "invalid"];
            rest.Length.Should().BeLessThanOrEqualTo(reader.MaxBuffered, "what waits is bounded");
            if (end == stream.Length)
                break;
        }
        bool lacks = reader.Finish(stream.AsSpan(start), out ReadOnlySpan<byte> last);
        return [.. frames, $"{lacks} {Encoding.Latin1.GetString(last)}"];
    }

    private static List<string> RelpFrames(byte[] stream, int step)
    {
        var reader = new RelpReader(40);
        var frames = new List<string>();
        int start = 0;
        for (int end = Math.Min(step, stream.Length); ; end = Math.Min(end + step, stream.Length))
        {
            ReadOnlySpan<byte> rest = stream.AsSpan(start..end);
            FrameResult result;
            while ((result = reader.Read(ref rest, out RelpFrame frame)) == FrameResult.Frame)
                frames.Add(
                    $"{frame.Transaction} {Encoding.Latin1.GetString(frame.Command)} {frame.WasCut} "
                        + $"{Encoding.Latin1.GetString(frame.Data)}");
            start = end - rest.Length;
            if (result == FrameResult.Invalid)
                return [.. frames, "invalid"];
            rest.Length.Should().BeLessThanOrEqualTo(reader.MaxBuffered);
            if (end == stream.Length)
                return frames;
        }
    }

    private static byte[] Stream(Random random, SyslogFraming? framing)
    {
        var text = new StringBuilder();
        for (int i = random.Next(1, 6); i > 0; i--)
        {
            string message = $"<{random.Next(0, 192)}>{new string('m', random.Next(0, 70))}";
            bool counted = framing switch { SyslogFraming.OctetCounting => true, SyslogFraming.NewLine => false, _ => random.Next(2) == 0 };
            string end = random.Next(3) == 0 ? "\0" : "\n";
            text.Append(counted ? string.Create(CultureInfo.InvariantCulture, $"{message.Length} {message}") : message + end);
        }
        byte[] bytes = Encoding.Latin1.GetBytes(text.ToString());
        if (framing is null)
            bytes[random.Next(bytes.Length)] = (byte)"0 9\n\0<>"[random.Next(7)];
        return random.Next(4) == 0 ? bytes[..random.Next(1, bytes.Length)] : bytes;
    }

    private static byte[] Mutate(Random random)
    {
        const string Alphabet = "<>[]\":= -*.,:0129\\\r\0ZTabJn+/";
        var bytes = new List<byte>(Encoding.Latin1.GetBytes(s_seeds[random.Next(s_seeds.Length)]));
        for (int changes = random.Next(0, 4); changes > 0; changes--)
        {
            int at = random.Next(bytes.Count);
            byte one = random.Next(8) == 0 ? (byte)random.Next(256) : (byte)Alphabet[random.Next(Alphabet.Length)];
            switch (random.Next(4))
            {
                case 0:
                    bytes[at] = one;
                    break;
                case 1:
                    bytes.Insert(at, one);
                    break;
                case 2 when bytes.Count > 1:
                    bytes.RemoveAt(at);
                    break;
                default:
                    bytes.RemoveRange(at, random.Next(bytes.Count - at));
                    if (bytes.Count == 0)
                        bytes.Add(one);
                    break;
            }
        }
        return [.. bytes];
    }
}
