using System.Text;
using Metrics.Text;

namespace Metrics.Tests.Text;

public sealed class JsonEscapesTests
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
        JsonEscapes.FaultOf(Encoding.UTF8.GetBytes(json)).Should().Be(fault);
}
