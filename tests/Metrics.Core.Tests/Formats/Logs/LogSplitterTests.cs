using System.Text;
using Metrics.Formats.Logs;

namespace Metrics.Tests.Formats.Logs;

/// <summary>Which bytes of a log make one record, wherever what was read of it ends.</summary>
public sealed class LogSplitterTests
{
    /// <summary>Lines that begin with a blank go on, but for those behind a line that begins with <c>!</c>.</summary>
    private static readonly LogJoins s_indented =
        first => first.StartsWith("!"u8) ? null : (_, line) => line.Length > 0 && line[0] == ' ';

    /// <summary>Lines that do not begin with a digit go on, as with a pattern for the first line.</summary>
    private static readonly LogJoins s_numbered = _ => (_, line) => line.Length == 0 || !char.IsAsciiDigit((char)line[0]);

    [Theory]
    [InlineData("a\nb\n", "a|b", "")]
    [InlineData("a\r\n\r\n\nb\n", "a|||b", "")]
    [InlineData("a\nb", "a", "b")]
    [InlineData("b", "", "b")]
    [InlineData("", "", "")]
    public void A_line_is_a_record_when_its_end_is_there(string text, string records, string left)
    {
        Take(new LogSplitter(null), text, LogEnd.Open).Should().Be((records, left));
        Take(new LogSplitter(null), text, LogEnd.Idle).Should().Be((records, left));
    }

    [Theory]
    [InlineData("a\nb", "a|b")]
    [InlineData("a\nb\r", "a|b")]
    [InlineData("a\n b\n c", "a\n b\n c")]
    public void Half_a_line_is_a_line_when_nothing_comes_any_more(string text, string records) =>
        Take(new LogSplitter(s_indented), text, LogEnd.Closed).Should().Be((records, ""));

    [Theory]
    [InlineData("a\n b\n c\nd\n", LogEnd.Open, "a\n b\n c", "d\n")]
    [InlineData("a\n b\n c\nd\n", LogEnd.Idle, "a\n b\n c|d", "")]
    [InlineData("a\n b\n c", LogEnd.Open, "", "a\n b\n c")]
    [InlineData("a\n b\n c", LogEnd.Idle, "a\n b", " c")]
    [InlineData("a\r\n b\r\nc\r\n", LogEnd.Idle, "a\r\n b|c", "")]
    [InlineData("!a\n b\n", LogEnd.Open, "!a", " b\n")]
    [InlineData("!a\n", LogEnd.Open, "!a", "")]
    public void A_record_of_several_lines_waits_for_the_line_behind_it_until_it_is_quiet(
        string text, LogEnd end, string records, string left) =>
        Take(new LogSplitter(s_indented), text, end).Should().Be((records, left));

    [Theory]
    [InlineData("\0\0\01 a\n", "1 a")]
    [InlineData("1 a\n\0\0\02 b\n", "1 a|2 b")]
    [InlineData("1 a\nb\n\0\0c\n", "1 a\nb|c")]
    [InlineData("1 a\n\0\0", "1 a")]
    [InlineData("\0\0", "")]
    public void Nuls_are_passed_over_and_end_what_was_before(string text, string records)
    {
        Take(new LogSplitter(s_numbered), text, LogEnd.Closed).Should().Be((records, ""));
        Piecewise(s_numbered, text, 1).Should().Equal(Piecewise(s_numbered, text, text.Length));
    }

    [Theory]
    [InlineData(LogSplitter.MaxRecord - 1, LogSplitter.MaxRecord - 1)]
    [InlineData(LogSplitter.MaxRecord, LogSplitter.MaxRecord)]
    [InlineData(LogSplitter.MaxRecord + 1, LogSplitter.MaxRecord)]
    [InlineData((3 * LogSplitter.MaxRecord) + 7, LogSplitter.MaxRecord)]
    public void Of_a_long_line_the_start_is_taken_and_the_rest_is_passed_over(int length, int taken)
    {
        string text = "a\n" + new string('x', length) + "\n y\nb\n";
        string[] expected = ["a", new string('x', taken), " y", "b"];
        Piecewise(null, text, text.Length).Should().Equal(expected);
        Piecewise(null, text, 100_003).Should().Equal(expected);
    }

    [Fact]
    public void Whoever_goes_on_within_a_long_line_says_so()
    {
        var splitter = new LogSplitter(s_indented);
        Take(splitter, new string('x', LogSplitter.MaxRecord), LogEnd.Open).Left.Should().BeEmpty("it gets no longer");
        splitter.IsInLongLine.Should().BeTrue();
        splitter = new LogSplitter(s_indented) { IsInLongLine = true };
        Take(splitter, "the rest", LogEnd.Open).Should().Be(("", ""));
        splitter.IsInLongLine.Should().BeTrue();
        Take(splitter, " of it\na\nb\n", LogEnd.Open).Should().Be(("a", "b\n"));
        splitter.IsInLongLine.Should().BeFalse();
    }

    [Fact]
    public void A_record_of_several_lines_ends_before_it_is_too_long()
    {
        string line = " " + new string('x', (LogSplitter.MaxRecord / 4) - 2) + "\n";
        string text = "a" + line[1..] + line + line + line + line + "b\nc\n";
        List<string> records = Piecewise(s_indented, text, text.Length);
        records.Select(r => r.Length).Should().Equal(LogSplitter.MaxRecord - 1, line.Length - 1, 1, 1);
        Piecewise(s_indented, text, 65_537).Should().Equal(records);
        // Nothing more fits: it need not wait for the next line.
        Take(new LogSplitter(s_indented), text[..LogSplitter.MaxRecord], LogEnd.Open).Left.Should().BeEmpty();
    }

    [Fact]
    public void Wherever_a_piece_ends_the_records_are_the_same()
    {
        const string Text = "a\n b\r\n\n c\n\0\0!d\n e\nf\n g\n h\ni";
        string[] expected = ["a\n b", "\n c", "!d", " e", "f\n g\n h", "i"];
        for (int step = 1; step <= Text.Length; step++)
            Piecewise(s_indented, Text, step).Should().Equal(expected, $"{step} bytes at a time");
    }

    [Theory]
    [InlineData("abcdef", LogEnd.Idle, "abc|def", "", 0)]
    [InlineData("abcde", LogEnd.Idle, "abc", "de", 0)]
    [InlineData("abcde", LogEnd.Closed, "abc|de", "", 0)]
    [InlineData("\0\0\0abc\0\0\0\0\0", LogEnd.Open, "abc", "\0\0", 6)]
    [InlineData("\0\0\0abc\0\0\0\0\0", LogEnd.Closed, "abc", "", 8)]
    [InlineData("\0\0a\n\0\0", LogEnd.Open, "\0\0a|\n\0\0", "", 0)]
    public void Where_there_are_no_lines_records_have_one_length_and_those_of_NULs_are_passed_over(
        string text, LogEnd end, string records, string left, long nulBytes)
    {
        var splitter = new LogSplitter(null, fixedLength: 3);
        Take(splitter, text, end).Should().Be((records, left));
        splitter.NulBytes.Should().Be(nulBytes);
    }

    /// <summary>All records that are there, between bars, and what is left.</summary>
    private static (string Records, string Left) Take(LogSplitter splitter, string text, LogEnd end)
    {
        ReadOnlySpan<byte> rest = Encoding.UTF8.GetBytes(text);
        var records = new List<string>();
        while (splitter.TryTake(ref rest, end, out ReadOnlySpan<byte> record))
            records.Add(Encoding.UTF8.GetString(record));
        return (string.Join('|', records), Encoding.UTF8.GetString(rest));
    }

    /// <summary>All records of a text that grows by some bytes at a time; what is not taken is given again.</summary>
    private static List<string> Piecewise(LogJoins? joins, string text, int step)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        var splitter = new LogSplitter(joins);
        var records = new List<string>();
        int start = 0;
        for (int end = Math.Min(step, bytes.Length); ; end = Math.Min(end + step, bytes.Length))
        {
            ReadOnlySpan<byte> rest = bytes.AsSpan(start, end - start);
            while (splitter.TryTake(ref rest, end == bytes.Length ? LogEnd.Closed : LogEnd.Open, out ReadOnlySpan<byte> record))
            {
                int at = end - rest.Length - splitter.Length;
                bytes.AsSpan(at, record.Length).SequenceEqual(record).Should().BeTrue("the length tells where it begins");
                records.Add(Encoding.UTF8.GetString(record));
            }
            start = end - rest.Length;
            if (end == bytes.Length)
                return records;
        }
    }
}
