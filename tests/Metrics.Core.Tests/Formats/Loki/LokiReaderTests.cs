using System.Text;
using Metrics.Formats.Loki;
using Metrics.Model;

namespace Metrics.Tests.Formats.Loki;

/// <summary>Pushes of Loki's senders, in both forms.</summary>
public sealed class LokiReaderTests
{
    [Fact]
    public void Both_forms_give_the_same_lines_with_their_labels()
    {
        string json = """
            {"x": {"streams": []}, "streams": [
              {"stream": {"app": "nova-api", "host": "ctl-1"}, "values": [["1769860800000000001", "one"], ["1769860800000000002", "two"]]},
              {"values": [["5", "three \"q\" ü \u00fc", {"trace_id": "ab", "n": 7}]], "stream": {"app": "a\"b"}}
            ], "streams": [{"stream": {}, "values": [["6", ""]]}]}
            """;
        byte[] binary = [
            .. Bytes(1, [
                .. Text(1, "{app=\"nova-api\", host=\"ctl-1\"}"),
                .. Bytes(2, [.. Bytes(1, [.. Number(1, 1769860800), .. Number(2, 1)]), .. Text(2, "one")]),
                .. Bytes(2, [.. Bytes(1, [.. Number(1, 1769860800), .. Number(2, 2)]), .. Text(2, "two")])]),
            .. Bytes(1, [
                .. Bytes(2, [
                    .. Bytes(1, Number(2, 5)), .. Text(2, "three \"q\" ü ü"),
                    .. Bytes(3, [.. Text(1, "trace_id"), .. Text(2, "ab")]), .. Bytes(3, [.. Text(1, "n"), .. Text(2, "7")])]),
                .. Text(1, "{app=\"a\\\"b\"}"), .. Number(3, 99)]),
            .. Text(2, "loki"),
            .. Bytes(1, [.. Text(1, "{}"), .. Bytes(2, Bytes(1, Number(2, 6)))])];
        string[] lines =
        [
            "app=nova-api host=ctl-1 | 1769860800000000001 one |",
            "app=nova-api host=ctl-1 | 1769860800000000002 two |",
            "app=a\"b | 5 three \"q\" ü ü | trace_id=ab n=7",
            " | 6  |",
        ];
        Read(new LokiJson(Encoding.UTF8.GetBytes(json))).Should().Equal(lines);
        Read(new LokiProtobuf(binary)).Should().Equal(lines);
    }

    [Theory]
    [InlineData("", "no JSON")]
    [InlineData("[]", "no JSON object")]
    [InlineData("{}", "has no streams")]
    [InlineData("{\"streams\": {}}", "has no streams")]
    [InlineData("{\"streams\": [", "no JSON")]
    [InlineData("{\"streams\": [{\"stream\": {}, \"values\": [[\"1\", \"a\"]", "no JSON")]
    [InlineData("{\"streams\": []} x", "no JSON")]
    [InlineData("{\"streams\": [7]}", "a stream is no JSON object")]
    public void What_is_no_push_as_a_whole_is_said_so(string json, string fault) =>
        Read(new LokiJson(Encoding.UTF8.GetBytes(json))).Should().ContainSingle().Which.Should().StartWith("fault").And.Contain(fault);

    [Theory]
    [InlineData("[\"x\", \"bad\"]")]
    [InlineData("[\"1\"]")]
    [InlineData("[\"1\", 7]")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("\"1\"")]
    public void A_bad_line_of_a_stream_spoils_no_other(string bad)
    {
        string json = $$$"""{"streams": [{"stream": {"a": "b"}, "values": [["1", "one"], {{{bad}}}, ["2", "two"]]}]}""";
        Read(new LokiJson(Encoding.UTF8.GetBytes(json))).Should()
            .Equal("a=b | 1 one |", "is no [\"nanoseconds since 1970\", \"line\"]", "a=b | 2 two |");
    }

    [Theory]
    [InlineData("{a=\"b\"}", "a=b")]
    [InlineData("{ a = \"b\" , c=\"d\",}", "a=b c=d")]
    [InlineData("{k8s.pod=\"x\"}", "k8s.pod=x")]
    [InlineData("""{a="\"\\\n\t\x41\u00fc\U0001F600\'"}""", "a=\"\\\n\tAü😀'")]
    [InlineData("{}", "")]
    [InlineData("", null)]
    [InlineData("{a=b}", null)]
    [InlineData("{a=\"b}", null)]
    [InlineData("{a=\"b\"c=\"d\"}", null)]
    [InlineData("{=\"b\"}", null)]
    [InlineData("{a}", null)]
    [InlineData("""{a="te"st\x"}""", null)]
    [InlineData("""{a="\q"}""", null)]
    [InlineData("""{a="\uD800"}""", null)]
    [InlineData("""{a="\x4"}""", null)]
    public void Labels_are_read_as_Go_writes_them(string text, string? expected)
    {
        List<EventField> labels = [new("old", "x")];
        string? fault = LokiLabels.Read(Encoding.UTF8.GetBytes(text), labels);
        if (expected is null)
            fault.Should().Contain("{name=\"value\"}");
        else
            Text(labels).Should().Be(expected);
    }

    [Fact]
    public void More_labels_than_an_event_has_fields_are_refused_with_their_stream()
    {
        string labels = string.Join(",", Enumerable.Range(0, 65).Select(i => $"\"l{i}\":\"x\""));
        string json = $$$"""
            {"streams": [
              {"stream": {{{{labels}}}}, "values": [["1", "one"]]},
              {"stream": {}, "values": [["1", "two", {{{{labels}}}}], ["2", "three"]]}]}
            """;
        Read(new LokiJson(Encoding.UTF8.GetBytes(json))).Should()
            .Equal("has more than 64 labels", "has more than 64 labels", " | 2 three |");
    }

    [Fact]
    public void Whatever_is_cut_or_changed_of_a_binary_push_throws_nothing()
    {
        byte[] whole = Bytes(1, [
            .. Text(1, "{app=\"nova\\u00fc\"}"),
            .. Bytes(2, [.. Bytes(1, [.. Number(1, 1769860800), .. Number(2, 1)]), .. Text(2, "one"), .. Bytes(3, Text(1, "a"))])]);
        var random = new Random(3);
        for (int i = 0; i < 20_000; i++)
        {
            byte[] body = [.. whole[..random.Next(whole.Length + 1)]];
            for (int changes = random.Next(4); changes > 0 && body.Length > 0; changes--)
                body[random.Next(body.Length)] = (byte)random.Next(256);
            Read(new LokiProtobuf(body));
        }
        Read(new LokiProtobuf(whole.AsSpan(..^1))).Should().Equal("fault the body is no PushRequest of Loki's");
    }

    [Fact]
    public void Whatever_is_cut_or_changed_of_a_push_as_JSON_throws_nothing_and_what_is_no_JSON_is_said_so()
    {
        byte[] whole = Encoding.UTF8.GetBytes(
            """{"a":[{}],"streams":[{"stream":{"app":"\u00e4\ud800"},"values":[["1","one \"x\"",{"a":"\n"}],["2","two"]]}],"b":1}""");
        var random = new Random(3);
        for (int i = 0; i < 20_000; i++)
        {
            byte[] body = [.. whole];
            for (int changes = random.Next(4); changes > 0; changes--)
                body[random.Next(body.Length)] = (byte)random.Next(256);
            Read(new LokiJson(body.AsSpan(..random.Next(body.Length + 1))));
        }
        for (int length = 0; length < whole.Length; length++)
            Read(new LokiJson(whole.AsSpan(..length))).Should().ContainSingle().Which.Should().StartWith("fault ");
        Read(new LokiJson(whole)).Should().HaveCount(2);
    }

    private static List<string> Read<T>(T reader)
        where T : ILokiReader, allows ref struct
    {
        List<EventField> labels = [], metadata = [];
        List<string> read = [];
        while (reader.ReadStream(labels))
        {
            while (reader.ReadEntry(metadata))
            {
                read.Add(reader.StreamFault ?? reader.EntryFault
                    ?? $"{Text(labels)} | {reader.Time} {Encoding.UTF8.GetString(reader.Line)} | {Text(metadata)}".TrimEnd());
            }
        }
        if (reader.Fault is { } fault)
            read = [$"fault {fault}"];
        return read;
    }

    private static string Text(IEnumerable<EventField> fields) => string.Join(' ', fields.Select(f => $"{f.Name}={f.Value}"));

    private static byte[] Text(int field, string text) => Bytes(field, Encoding.UTF8.GetBytes(text));

    private static byte[] Bytes(int field, byte[] bytes) =>
        [.. Varint((ulong)((field << 3) | 2)), .. Varint((ulong)bytes.Length), .. bytes];

    private static byte[] Number(int field, ulong number) => [.. Varint((ulong)(field << 3)), .. Varint(number)];

    private static byte[] Varint(ulong number) =>
        number < 0x80 ? [(byte)number] : [(byte)(number | 0x80), .. Varint(number >> 7)];
}
