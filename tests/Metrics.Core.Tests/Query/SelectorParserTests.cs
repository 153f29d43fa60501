using Metrics.Query;

namespace Metrics.Tests.Query;

public sealed class SelectorParserTests
{
    [Theory]
    [InlineData("up", "up")]
    [InlineData(" node_cpu:rate5m { mode = \"idle\" , } ", "node_cpu:rate5m{mode=\"idle\"}")]
    [InlineData("{__name__=~\"node_.*\",job!='x'}", "{__name__=~\"node_.*\",job!=\"x\"}")]
    [InlineData("{\"http.status\", `a b`=\"c\\n\"}", "{__name__=\"http.status\",a b=\"c\\n\"}")]
    public void A_selector_is_read(string text, string expected)
    {
        SelectorParser.TryParse(text, out VectorSelector? selector, out QueryError? error).Should().BeTrue($"{error}");
        selector!.ToString().Should().Be(expected);
    }

    [Theory]
    [InlineData("", "1:1: parse error: no expression found")]
    [InlineData("{}", "1:1: parse error: the selector matches everything; at least one matcher must not match the empty text")]
    [InlineData("{a=\"\"}", "1:1: parse error: the selector matches everything; at least one matcher must not match the empty text")]
    [InlineData("up{job=}", "1:8: parse error: unexpected '}'; expected a text in quotes")]
    [InlineData("up{job=\"a}", "1:8: parse error: the text's quote is not closed")]
    [InlineData("up{job \"a\"}", "1:8: parse error: unexpected '\"' after the label name; expected '=', '!=', '=~' or '!~'")]
    [InlineData("up[5m]", "1:3: parse error: unexpected '[' behind the selector; expressions other than a plain selector are not supported yet")]
    [InlineData("up{a=~\"(\"}", "1:7: parse error: the regular expression is not valid*")]
    public void A_wrong_one_is_refused_with_its_place(string text, string expected)
    {
        SelectorParser.TryParse(text, out _, out QueryError? error).Should().BeFalse();
        error!.ToString().Should().Match(expected);
    }
}
