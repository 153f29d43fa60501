using System.Text;
using Metrics.Text;

namespace Metrics.Tests.Text;

public sealed class JsonTextsTests
{
    [Theory]
    [InlineData("""["plain", "\u00e9\n", "\ud83d\ude00", "\\ud800", "\\\\ud800"]""", null)]
    [InlineData("""["\ud800"]""", "a text holds half of a character: \\ud800")]
    [InlineData("""["\ud800\n"]""", "a text holds half of a character: \\ud800")]
    [InlineData("""["\ud800\ud800"]""", "a text holds half of a character: \\ud800")]
    [InlineData("""{"\uDE00": 1}""", "a text holds half of a character: \\ude00")]
    [InlineData("""["\\\ud83d"]""", "a text holds half of a character: \\ud83d")]
    [InlineData("""["\u0000"]""", "a text holds NUL")]
    public void Half_a_character_and_NUL_are_found(string json, string? fault) =>
        JsonTexts.FaultOf(Encoding.UTF8.GetBytes(json)).Should().Be(fault);

    [Theory]
    [InlineData("""["\\ud800", "\ud83d\ude00", "\u00e9\n"]""", """["\\ud800", "\ud83d\ude00", "\u00e9\n"]""")]
    [InlineData("""{"a\ud800": "\uDE00\ud83d\ude00\u0000"}""", """{"a\ufffd": "\ufffd\ud83d\ude00\ufffd"}""")]
    [InlineData("""["\ud800\ud800\udc00", "\\\ud800"]""", """["\ufffd\ud800\udc00", "\\\ufffd"]""")]
    public void They_are_mended_and_nothing_else_is(string json, string expected)
    {
        byte[] mended = JsonTexts.Mend(Encoding.UTF8.GetBytes(json));
        Encoding.UTF8.GetString(mended).Should().Be(expected);
        JsonTexts.FaultOf(mended).Should().BeNull();
    }

    [Fact]
    public void Bytes_that_are_no_UTF8_spoil_no_document_of_others()
    {
        byte[] json = [.. "{\"a"u8, 0xff, .. "\": \""u8, 0xc3, .. "\"}"u8];
        using System.Text.Json.JsonDocument document = LenientJson.Parse(json);
        document.RootElement.EnumerateObject().Single().Name.Should().Be("a\ufffd");
        document.RootElement.GetProperty("a\ufffd").GetString().Should().Be("\ufffd");
    }
}
