using Metrics.Text;

namespace Metrics.Tests.Rules;

public sealed class RuleFileYamlTests
{
    /// <summary>Go's YAML library takes this, and many rule files are written so.</summary>
    [Theory]
    [InlineData("a:\n  b: \"one\n  two\n\n  three\"\n  c: 1\n", "one two\nthree")]
    [InlineData("a:\n  b: 'one\n  two'\n  c: 1\n", "one two")]
    public void A_quoted_text_may_go_on_at_the_indentation_of_its_key(string yaml, string expected)
    {
        var problems = new List<Problem>();
        YamlValue? root = YamlComposer.Compose(yaml, "x.yaml", problems);
        problems.Should().BeEmpty();
        YamlMap inner = (YamlMap)((YamlMap)root!)["a"]!;
        ((YamlText)inner["b"]!).Text.Should().Be(expected);
        ((YamlText)inner["c"]!).Text.Should().Be("1");
    }
}
