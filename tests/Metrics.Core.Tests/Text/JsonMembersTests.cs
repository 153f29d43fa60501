using System.Text;
using Metrics.Text;

namespace Metrics.Tests.Text;

/// <summary>Walking over an object's members without reading what is inside of them.</summary>
public sealed class JsonMembersTests
{
    [Theory]
    [InlineData("""{"a": 1, "b": {"c": [1, {"d": 2}]}, "e": "x\"y", "f": null}""", """a=1;b={"c": [1, {"d": 2}]};e="x\"y";f=null;!""")]
    [InlineData("""{} behind it""", "!")]
    [InlineData("""{"a": 1}}""", "a=1;!")]
    [InlineData("""{"a": 1, "b": """, "a=1;")]
    [InlineData("""{"a": 1, "b": tru}""", "a=1;")]
    [InlineData("""[{"a": 1}]""", "")]
    [InlineData("\"a\"", "")]
    [InlineData("", "")]
    public void Members_come_as_they_are_written(string json, string expected)
    {
        var members = new JsonMembers(Encoding.UTF8.GetBytes(json));
        var text = new StringBuilder();
        while (members.MoveNext())
            text.Append(Encoding.UTF8.GetString(members.Name)).Append('=').Append(Encoding.UTF8.GetString(members.Value)).Append(';');
        text.Append(members.IsComplete ? "!" : "").ToString().Should().Be(expected);
    }

    [Theory]
    [InlineData("\"x\\\"\\u00fc\"", "x\"ü")]
    [InlineData("\"\"", "")]
    [InlineData("12.5", "12.5")]
    [InlineData("true", "true")]
    [InlineData("null", "")]
    [InlineData("[1]", "")]
    [InlineData("\"\\ud800\"", "\\ud800")]
    public void Texts_lose_quotes_and_escapes(string value, string expected)
    {
        byte[] json = Encoding.UTF8.GetBytes(value);
        Encoding.UTF8.GetString(JsonMembers.TextOf(json, new byte[json.Length])).Should().Be(expected);
    }

    [Theory]
    [InlineData("\"xyz\"", "xyz")]
    [InlineData("\"x\\nz\"", "")]
    public void Only_escapes_need_room(string value, string expected) =>
        Encoding.UTF8.GetString(JsonMembers.TextOf(Encoding.UTF8.GetBytes(value), new byte[3])).Should().Be(expected);
}
