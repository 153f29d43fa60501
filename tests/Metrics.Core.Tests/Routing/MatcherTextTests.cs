using Metrics.Model;
using Metrics.Routing;

namespace Metrics.Tests.Routing;

public sealed class MatcherTextTests
{
    [Theory]
    [InlineData("foo=bar", "foo=\"bar\"")]
    [InlineData("foo = \"bar baz\"", "foo=\"bar baz\"")]
    [InlineData("foo!=bar", "foo!=\"bar\"")]
    [InlineData("foo=~\"a|b\", bar!~c.*", "foo=~\"a|b\" bar!~\"c.*\"")]
    [InlineData("{foo=\"bar\",x=\"a,b\",}", "foo=\"bar\" x=\"a,b\"")]
    [InlineData("foo=", "foo=\"\"")]
    [InlineData("foo=\"a\\\"b\\\\c\\nd\"", "foo=\"a\\\"b\\\\c\\nd\"")]
    [InlineData("foo=~\\d+", "foo=~\"\\\\d+\"")]
    [InlineData("foo=a\\", "foo=\"a\\\\\"")]
    [InlineData("foo=a=b", "foo=\"a=b\"")]
    [InlineData("\"name with ü\"=\"1\"", "\"name with ü\"=\"1\"")]
    [InlineData("{}", "")]
    public void Reads_what_Alertmanager_reads(string text, string expected) =>
        string.Join(' ', MatcherText.Parse(text).Select(MatcherText.Write)).Should().Be(expected);

    [Theory]
    [InlineData("", "begins with a label's name")]
    [InlineData("foo", "after a name comes =, !=, =~ or !~")]
    [InlineData("foo=\"bar", "a quote is open")]
    [InlineData("foo=ba\"r", "a quote within a value")]
    [InlineData("foo=\"bar\"baz", "after a value comes a comma or the end, not 'b'")]
    [InlineData("{foo=\"bar\"", "a brace is open")]
    [InlineData("0foo=1", "begins with a label's name")]
    [InlineData("foo=~\"(\"", "foo=~\"(\"")]
    public void What_is_wrong_is_said(string text, string expected)
    {
        Action parse = () => MatcherText.Parse(text);
        parse.Should().Throw<FormatException>().WithMessage($"*{expected}*");
    }

    [Fact]
    public void What_is_written_reads_back()
    {
        foreach (string value in new[] { "", "a", "a\"b", "\\", "\n", "ü,}", " x ", "\x7f", "\t\r\0", "\u200b" })
            MatcherText.Parse(MatcherText.Write(new Metrics.Series.LabelMatcher("n", Metrics.Series.MatchKind.Equal, value)))[0]
                .Matches(Labels.Of(new Label("n", value))).Should().BeTrue(value);
    }
}
