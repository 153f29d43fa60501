using System.Text;
using Metrics.Formats.Logs.Templates;
using Metrics.Model;

namespace Metrics.Tests.Formats.Logs.Templates;

/// <summary>What programs that log JSON have said.</summary>
public sealed class JsonLineTests
{
    [Theory]
    [InlineData("""{"log":"Log line is here\n","stream":"stdout","time":"2019-01-01T11:11:11.111111111Z"}""", "Log line is here\n", 0)]
    [InlineData(
        """{"user": "ann", "source": "10.0.0.9", "event": "user logged in", "level": "info", "timestamp": "2026-11-27T19:50:30.888Z"}""",
        "user logged in", Severity.Info)]
    [InlineData(
        """{"path": "C:\\x", "event": "say \"hi\"\tto \u00fcn\u00ef \ud83d\ude00", "level": "debug"}""",
        "say \"hi\"\tto ünï 😀", Severity.Debug)]
    [InlineData(
        """{"asctime": "2026-11-27 19:50:30,890", "levelname": "WARNING", "name": "a", "message": "took 3 s\nsecond line"}""",
        "took 3 s\nsecond line", Severity.Warning)]
    [InlineData(
        """{"t":{"$date":"2020-05-01T15:16:17.180+00:00"},"s":"I", "c":"NETWORK", "id":12345, "ctx":"listener", "msg":"Listening on"}""",
        "Listening on", 0)]
    [InlineData(
        """{"EventId":14,"LogLevel":"Information","Category":"Kestrel","Message":"Now listening","State":{"message":"no"}}""",
        "Now listening", Severity.Info)]
    [InlineData(
        """{"@timestamp":"2026-11-27T10:00:00Z","log":{"level":"info","message":"no"},"event":{"dataset":"x"},"message":"ECS says so"}""",
        "ECS says so", 0)]
    [InlineData(
        """{"log":"{\"level\":\"debug\",\"ts\":1.5,\"msg\":\"says \\\"it\\\" within\"}\n","stream":"stderr"}""",
        "says \"it\" within", Severity.Debug)]
    [InlineData("""{"event":"lesser","msg":"better","list":[{"message":"no"}],"a":"message","b":7}""", "better", 0)]
    public void What_a_program_has_said_is_found_wherever_it_stands(string line, string said, byte level) =>
        Read(line).Should().Be((said, level));

    [Theory]
    [InlineData("""{"a":1,"b":{"message":"within"},"message":7}""")]
    [InlineData("""{"message":""}""")]
    [InlineData("""{"message":null,"msg":{"a":"b"}}""")]
    [InlineData("{}")]
    [InlineData("{")]
    [InlineData("{\"")]
    [InlineData("{\"message\"")]
    [InlineData("{\"message\":")]
    [InlineData("{\"message\":\"")]
    [InlineData("{ no JSON at all }")]
    [InlineData("}{\"message\":\"behind its end\"}")]
    public void Where_nothing_is_said_nothing_is_found(string line) =>
        Read(line).Said.Should().Be(line.StartsWith('{') ? "" : line);

    [Theory]
    [InlineData("{\"message\":\"it is cut off\\", "it is cut off")]
    [InlineData("{\"message\":\"half a sign \\ud83d", "half a sign ?")]
    [InlineData("{\"message\":\"half a sign \\ud83d\\u0041\"}", "half a sign ?")]
    [InlineData("{\"message\":\"no sign \\uzzzz\"}", "no sign ?zzzz")]
    [InlineData("{\"message\":\"no mask \\u0001\\u0000\"}", "no mask ??")]
    [InlineData("{\"message\":\"one\"}{\"message\":\"two\"}", "one")]
    public void What_is_broken_is_read_as_far_as_it_goes(string line, string said) => Read(line).Said.Should().Be(said);

    [Fact]
    public void A_text_is_bounded_and_what_stands_far_behind_is_not_looked_for()
    {
        byte[] twice = Encoding.UTF8.GetBytes("{\"message\":\"" + new string('\\', 10_000) + "\"}");
        JsonLine.Read(twice, new byte[100], out _).Length.Should().Be(100);
        JsonLine.Read(twice, new byte[JsonLine.MaxLength], out _).Length.Should().Be(5_000);
        Read("{\"a\":\"" + new string('x', JsonLine.MaxLength) + "\",\"message\":\"far\"}").Said.Should().Be("");
        string nested = "{\"message\":\"end\"}";
        for (int depth = 0; depth < 5; depth++)
            nested = "{\"log\":\"" + nested.Replace("\\", "\\\\").Replace("\"", "\\\"") + "\"}";
        Read(nested).Said.Should().StartWith("{", "an object in an object is read, and no further");
    }

    [Fact]
    public void Whatever_comes_nothing_is_thrown_and_nothing_allocated()
    {
        var random = new Random(5);
        string[] parts =
        [
            "{", "}", "\"", "\\", "\\u", "d83d", "de00", ":", ",", " ", "message", "log", "level", "info", "[", "]", "ü", "\0",
        ];
        byte[] scratch = new byte[JsonLine.MaxLength];
        byte[][] lines =
        [
            .. Enumerable.Range(0, 50_000).Select(_ => Encoding.UTF8.GetBytes(
                "{" + string.Concat(Enumerable.Range(0, random.Next(40)).Select(_ => parts[random.Next(parts.Length)])))),
        ];
        Allocations.Of(() =>
        {
            foreach (byte[] line in lines)
                JsonLine.Read(line, scratch, out _);
        }).Should().Be(0);
    }

    private static (string Said, byte Level) Read(string line)
    {
        ReadOnlySpan<byte> said = JsonLine.Read(Encoding.UTF8.GetBytes(line), new byte[JsonLine.MaxLength], out byte level);
        return (Encoding.UTF8.GetString(said), level);
    }
}
