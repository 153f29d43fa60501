using System.Buffers;
using System.Text;
using Metrics.Formats.Syslog;

namespace Metrics.Tests.Formats.Syslog;

/// <summary>Frames of RELP.</summary>
public sealed class RelpReaderTests
{
    [Fact]
    public void Frames_of_a_session_are_taken_one_by_one() =>
        Read("1 open 15 commands=syslog\n2 syslog 5 <1>ab\n999999999 syslog 0\n1 close 0\n").Should().Equal(
            "1 open commands=syslog", "2 syslog <1>ab", "999999999 syslog ", "1 close ");

    [Fact]
    public void Data_may_hold_line_ends() => Read("2 syslog 5 a\nb\nc\n3 close 0 \n").Should().Equal("2 syslog a\nb\nc", "3 close ");

    [Fact]
    public void A_session_stays_in_step_behind_data_that_are_too_long() =>
        Read($"2 syslog 50 {new string('x', 50)}\n3 syslog 2 ab\n", 10).Should().Equal("2 syslog xxxxxxxxxx (cut)", "3 syslog ab");

    [Theory]
    [InlineData("GET / HTTP/1.1\r\n")]
    [InlineData("1234567890 syslog 1 a\n")]
    [InlineData("1 syslog 9999999999 a\n")]
    [InlineData("1 sys1og 1 a\n")]
    [InlineData("1 syslog 1 ab")]
    [InlineData(" 1 syslog 1 a\n")]
    public void What_is_no_frame_is_refused(string stream) => Read(stream).Should().Equal("invalid");

    [Fact]
    public void Answers_bear_the_number_of_their_command()
    {
        var to = new ArrayBufferWriter<byte>();
        RelpReader.WriteResponse(to, 7, "200 OK");
        RelpReader.WriteResponse(to, 8, "");
        Encoding.ASCII.GetString(to.WrittenSpan).Should().Be("7 rsp 6 200 OK\n8 rsp 0\n");
    }

    private static List<string> Read(string stream, int maxLength = 1000)
    {
        var reader = new RelpReader(maxLength);
        var frames = new List<string>();
        ReadOnlySpan<byte> rest = Encoding.ASCII.GetBytes(stream);
        while (true)
        {
            FrameResult result = reader.Read(ref rest, out RelpFrame frame);
            if (result == FrameResult.Invalid)
                return [.. frames, "invalid"];
            if (result == FrameResult.Incomplete)
                return frames;
            string text = $"{frame.Transaction} {Encoding.ASCII.GetString(frame.Command)} {Encoding.ASCII.GetString(frame.Data)}";
            frames.Add(frame.WasCut ? text + " (cut)" : text);
        }
    }
}
