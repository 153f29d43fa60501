using System.Buffers;
using System.Globalization;
using System.Text;
using Metrics.Formats.Forward;
using Metrics.Model;

namespace Metrics.Tests.Formats.Forward;

/// <summary>Events on the way from a node to its centre. METRICS_FUZZ sets ten times the number of mutated lines.</summary>
public sealed class ForwardRowsTests
{
    private const long Now = 1_795_780_000_000_000_000;

    private static readonly string[] s_texts =
    [
        "plain", "", "\0", "a\"quoted\\ text\r\n\tof two lines", "ünïcödé \U0001F600 \uFFFD", "\u0001\u007f\ufeff", "</script>+&'",
        new string('x', 64 * 1024),
    ];

    [Fact]
    public void Nothing_of_an_event_is_another_at_the_other_end()
    {
        using var batch = new EventBatch("t");
        foreach (string text in s_texts)
        {
            batch.Add(Now - 5, Now - 3, "identity.authenticate", 17, text);
            batch.AddField("host.name", "h" + text);
            // Names of ours, as a shipper may send them.
            batch.AddField("id", "7");
            batch.AddField("time", "never");
            batch.AddField("labels.\"odd\\ name\"", text + "end");
        }
        batch.Add(0, 0, "log", 0, "long ago");
        for (int row = 0; row < batch.Count; row++)
            batch.Ids[row] = 1_000 + row;
        using EventBatch read = ReadAll(Written(batch), 0);
        read.Count.Should().Be(batch.Count);
        for (int row = 0; row < batch.Count; row++)
            read.ToEvent(row).Should().BeEquivalentTo(batch.ToEvent(row) with { Id = 0 });
    }

    [Fact]
    public void What_is_known_is_passed_over()
    {
        using var batch = new EventBatch("t");
        for (int row = 0; row < 4; row++)
        {
            batch.Add(Now, Now, "log", 9, $"{row}");
            batch.AddField("host.name", $"h{row}");
            batch.Ids[row] = 10 * row;
        }
        using EventBatch read = ReadAll(Written(batch), 10);
        Enumerable.Range(0, read.Count).Select(row => $"{Encoding.UTF8.GetString(read.BodyOf(row))} {read.Find(row, "host.name")}")
            .Should().Equal("2 h2", "3 h3");
    }

    [Theory]
    [InlineData("", "is no JSON: The input does not contain any JSON tokens. *")]
    [InlineData("{}", "is no JSON array")]
    [InlineData("[1,2]", "does not begin with three whole numbers: id, time and observed time")]
    [InlineData("[1,2,3.5,\"log\",9,\"\"]", "does not begin with three whole numbers: id, time and observed time")]
    [InlineData("[1,2,99999999999999999999,\"log\",9,\"\"]", "does not begin with three whole numbers: id, time and observed time")]
    [InlineData("[1,2,3,\"\",9,\"\"]", "has no kind, or one that is empty or too long")]
    [InlineData("[1,2,3,4,9,\"\"]", "has no kind, or one that is empty or too long")]
    [InlineData("[1,2,3,\"log\",25,\"\"]", "has a severity that is no number from 0 to 24")]
    [InlineData("[1,2,3,\"log\",9]", "has no body")]
    [InlineData("[1,2,3,\"log\",9,\"b\",\"host.name\"]", "has a field without a value")]
    [InlineData("[1,2,3,\"log\",9,\"b\",\"host.name\",7]", "has a field without a value")]
    [InlineData("[1,2,3,\"log\",9,\"b\",7,\"x\"]", "has a field whose name is no text")]
    [InlineData("[1,2,3,\"log\",9,\"b\"] x", "is no JSON: 'x' is invalid after a single JSON value. Expected end of data.")]
    [InlineData("[1,2,3,\"log\",9,\"\\ud800\"]", "is no JSON: Cannot read incomplete UTF-16 JSON text *")]
    public void A_bad_line_says_what_is_wrong(string line, string fault)
    {
        using var batch = new EventBatch("t");
        new ForwardRows().Read(Encoding.UTF8.GetBytes(line), 0, Now, batch, out _).Should().Match(fault);
    }

    [Fact]
    public void A_clock_that_is_days_ahead_does_not_put_events_into_the_future()
    {
        using var batch = new EventBatch("t");
        const long Ahead = Now + (3 * 86_400_000_000_000);
        new ForwardRows().Read(Encoding.UTF8.GetBytes($"[1,{Ahead},{Ahead},\"log\",9,\"b\"]"), 0, Now, batch, out _).Should().BeNull();
        (batch.Times[0], batch.ObservedTimes[0]).Should().Be((Now, Now));
    }

    [Theory]
    [InlineData("""{"node":"compute-1","log":"ab","session":"cd","event_lag":1.5,"lost_to":7,"of_a_later_release":[]}""", null)]
    [InlineData("", "is no JSON object with node, log and session: *")]
    [InlineData("[]", "is no JSON object with node, log and session: *")]
    [InlineData("null", "has a node that is no name of 1 to 128 letters, digits, '.', '_', '-' and ':'")]
    [InlineData("""{"node":"n","log":"ab"}""", "is no JSON object with node, log and session: *")]
    [InlineData("""{"node":"a b","log":"ab","session":"cd"}""", "has a node that is no name of 1 to 128 letters, *")]
    [InlineData("""{"node":"n","log":"a b","session":"cd"}""", "has a log or session that is no name of 1 to 64 letters and digits")]
    [InlineData("""{"node":"n","log":"ab","session":"cd","lost_to":-1}""", "has a number below zero")]
    public void The_first_line_says_who_sends(string line, string? fault)
    {
        ForwardHeader.TryRead(Encoding.UTF8.GetBytes(line), out ForwardHeader header, out string? found).Should().Be(fault is null);
        if (fault is null)
            (header.Node, header.EventLag, header.LostTo).Should().Be(("compute-1", 1.5, 7));
        else
            found.Should().Match(fault);
    }

    [Fact]
    public void No_mutated_line_throws()
    {
        // The framework's reader of JSON throws within, three times a round: a tenth takes as long as others take for all.
        int rounds = int.Parse(Environment.GetEnvironmentVariable("METRICS_FUZZ") ?? "100000", CultureInfo.InvariantCulture) / 10;
        byte[][] seeds =
        [
            new ForwardHeader("compute-1", "ab12", "cd34") { EventLag = 2, LostTo = 9 }.ToUtf8(),
            """[17,1795780000000000000,1795780000000000001,"host.login",9,"a \"b\" \ud83d\ude00","user.name","ann"]"""u8.ToArray(),
        ];
        var random = new Random(1);
        var rows = new ForwardRows();
        for (int round = 0; round < rounds; round++)
        {
            byte[] line = [.. seeds[random.Next(seeds.Length)]];
            for (int change = random.Next(4); change >= 0; change--)
                line[random.Next(line.Length)] = (byte)random.Next(256);
            using var batch = new EventBatch("t", 1);
            rows.Read(line.AsSpan(0, random.Next(line.Length + 1)), 0, Now, batch, out _);
            ForwardHeader.TryRead(line, out _, out _);
            ForwardAnswer.TryRead(line);
        }
    }

    private static byte[] Written(EventBatch batch)
    {
        var lines = new ArrayBufferWriter<byte>();
        for (int row = 0; row < batch.Count; row++)
            ForwardRows.Write(batch, row, lines);
        return lines.WrittenSpan.ToArray();
    }

    private static EventBatch ReadAll(ReadOnlySpan<byte> lines, long after)
    {
        var batch = new EventBatch("t");
        var rows = new ForwardRows();
        foreach (Range range in lines.Split((byte)'\n'))
        {
            if (!lines[range].IsEmpty)
                rows.Read(lines[range], after, Now, batch, out _).Should().BeNull();
        }
        return batch;
    }
}
