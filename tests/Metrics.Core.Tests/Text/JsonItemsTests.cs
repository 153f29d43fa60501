using System.Text;
using Metrics.Text;

namespace Metrics.Tests.Text;

/// <summary>Walking over an array's items without reading what is inside of them.</summary>
public sealed class JsonItemsTests
{
    [Theory]
    [InlineData("""[1, {"b": [2, 3]}, "x\"y", null, []]""", """1;{"b": [2, 3]};"x\"y";null;[];""")]
    [InlineData("[]", "")]
    [InlineData("[1, 2", "1;")]
    [InlineData("[1, {", "1;")]
    [InlineData("[1, tru]", "1;")]
    [InlineData("""{"a": 1}""", "")]
    [InlineData("null", "")]
    [InlineData("", "")]
    public void Items_come_as_they_are_written(string json, string expected)
    {
        var items = new JsonItems(Encoding.UTF8.GetBytes(json));
        var text = new StringBuilder();
        while (items.MoveNext())
            text.Append(Encoding.UTF8.GetString(items.Value)).Append(';');
        text.ToString().Should().Be(expected);
    }
}
