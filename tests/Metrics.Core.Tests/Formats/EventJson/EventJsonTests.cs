using System.Buffers;
using System.Text;
using System.Text.Json;
using Metrics.Formats.EventJson;
using Metrics.Formats.Shippers;
using Metrics.Model;

namespace Metrics.Tests.Formats.EventJson;

public sealed class EventJsonTests
{
    private const long Now = 1_770_000_000_000_000_000;

    private readonly ShippedLine _line = new(TimeZoneInfo.Utc, isOfLabels: false);

    [Fact]
    public void An_event_is_read_from_either_form_of_names()
    {
        Event read = Read("""
            {"time":"2026-01-31T12:00:00.123456789+01:00","kind":"identity.authenticate","severity_number":17,"body":"no",
            "source_ip":"10.0.0.1","user.name":"ann","host":{"name":"ctl-1"},"cloud":{"project":{"id":7}},"ok":false,"none":null}
            """.ReplaceLineEndings(""));
        read.Should().BeEquivalentTo(new { Kind = "identity.authenticate", SeverityNumber = (byte)17, Body = "no", ObservedTime = Now });
        EventTime.Format(read.Time).Should().Be("2026-01-31T11:00:00.123456789Z");
        read.Fields.Select(f => $"{f.Name}={f.Value}").Should()
            .Equal("source.ip=10.0.0.1", "user.name=ann", "host.name=ctl-1", "cloud.project.id=7", "ok=false");
    }

    [Fact]
    public void What_was_written_is_read_back_the_same()
    {
        using var batch = new EventBatch("t");
        batch.Add(Now + 5, Now, "log", 9, "a \"b\"\n\t ü \u0001");
        batch.AddField("source.ip", "::1");
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
            EventJsonWriter.Write(json, batch, 0);
        using var again = new EventBatch("t");
        EventJsonReader.TryRead(buffer.WrittenSpan, Now, again, _line, out string? fault).Should().BeTrue(fault);
        again.ToEvent(0).Should().BeEquivalentTo(batch.ToEvent(0));
    }

    [Theory]
    [InlineData("", "no JSON")]
    [InlineData("[1]", "no JSON object")]
    [InlineData("{\"body\":\"x\"", "no JSON")]
    [InlineData("{\"body\":\"x\"} {}", "no JSON")]
    [InlineData("{\"host\":\"a\"}", "neither kind nor body")]
    [InlineData("{\"body\":\"x\",\"time\":\"yesterday\"}", "has a time that is neither")]
    [InlineData("{\"body\":\"x\",\"time\":\"1969-12-31T23:59:59Z\"}", "before 1970")]
    [InlineData("{\"body\":\"x\",\"time\":\"2226-12-31T23:59:59Z\"}", "a day ahead")]
    [InlineData("{\"body\":\"x\",\"severity_number\":25}", "from 0 to 24")]
    [InlineData("{\"body\":\"x\",\"severity_number\":-1}", "from 0 to 24")]
    [InlineData("{\"kind\":\"\"}", "empty kind")]
    [InlineData("{\"body\":\"x\",\"tags\":[\"a\"]}", "array in tags")]
    [InlineData("{\"body\":\"\\ud800\"}", "no JSON")]
    [InlineData("{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":1}}}}}}}}}}", "no JSON")]
    public void What_is_no_event_is_refused_with_its_reason(string line, string reason)
    {
        using var batch = new EventBatch("t");
        EventJsonReader.TryRead(Encoding.UTF8.GetBytes(line), Now, batch, _line, out string? fault).Should().BeFalse();
        fault.Should().Contain(reason).And.NotContain("\n");
        batch.Count.Should().Be(0);
    }

    [Fact]
    public void Random_bytes_never_throw()
    {
        var random = new Random(7);
        byte[] whole = Encoding.UTF8.GetBytes(
            """{"time":"2026-01-31T12:00:00Z","kind":"log","body":"\u00e4","host":{"name":"x"},"n":1e3}""");
        using var batch = new EventBatch("t");
        for (int i = 0; i < 20_000; i++)
        {
            byte[] line = [.. whole[..random.Next(whole.Length + 1)]];
            for (int changes = random.Next(4); changes > 0 && line.Length > 0; changes--)
                line[random.Next(line.Length)] = (byte)random.Next(256);
            EventJsonReader.TryRead(line, Now, batch, _line, out _);
        }
    }

    [Theory]
    [InlineData("1970-01-01T00:00:00Z", 0)]
    [InlineData("1970-01-01T00:00:00.000000001Z", 1)]
    [InlineData("1970-01-01 01:00:00+01:00", 0)]
    [InlineData("1969-12-31T23:59:59.999999999Z", -1)]
    [InlineData("2026-01-31T12:00:00.5Z", 1_769_860_800_500_000_000)]
    [InlineData("2026-01-31T12:00:00.1234567891234Z", 1_769_860_800_123_456_789)]
    public void Times_have_nanoseconds(string text, long nanoseconds)
    {
        EventTime.TryParse(text, out long parsed).Should().BeTrue();
        parsed.Should().Be(nanoseconds);
        EventTime.TryParse(EventTime.Format(nanoseconds), out long again).Should().BeTrue();
        again.Should().Be(nanoseconds);
    }

    [Theory]
    [InlineData("")]
    [InlineData("2026-01-31")]
    [InlineData("2026-01-31T12:00:00")]
    [InlineData("2026-13-31T12:00:00Z")]
    [InlineData("2026-01-31T12:00:00.Z")]
    [InlineData("2026-01-31T12:00:00+1:00")]
    [InlineData("9999-01-31T12:00:00Z")]
    public void What_is_no_time_is_refused(string text) => EventTime.TryParse(text, out _).Should().BeFalse();

    private Event Read(string line)
    {
        using var batch = new EventBatch("t");
        EventJsonReader.TryRead(Encoding.UTF8.GetBytes(line), Now, batch, _line, out string? fault).Should().BeTrue(fault);
        return batch.ToEvent(0);
    }
}
