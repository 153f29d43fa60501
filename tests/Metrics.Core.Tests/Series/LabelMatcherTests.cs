using Metrics.Model;
using Metrics.Query;
using Metrics.Query.Engine;
using Metrics.Series;

namespace Metrics.Tests.Series;

/// <summary>Expressions that are nothing but texts to choose from, as dashboards write them.</summary>
public sealed class LabelMatcherTests
{
    private const long Now = 1_800_000_000_000;

    [Theory]
    [InlineData(@"10\.0\.0\.1:9100|10\.0\.0\.2:9100", "10.0.0.2:9100", "10x0.0.2:9100")]
    [InlineData(@"(10\.0\.0\.1:9100|b)", "10.0.0.1:9100", "(b")]
    [InlineData(@"^(?:a\|b|c)$", "a|b", "a")]
    [InlineData(@"^a|b$", "b", "^a")]
    [InlineData(@"a\$", "a$", "a")]
    [InlineData(@"\x{1F600}\t|", "\U0001F600\t", "\U0001F600")]
    [InlineData("", "", "a")]
    public void Texts_to_choose_from_are_told_from_their_escapes(string pattern, string value, string other)
    {
        var matcher = new LabelMatcher("instance", MatchKind.Regex, pattern);
        matcher.Literals.Should().NotBeNull().And.Contain(value);
        matcher.Matches(value).Should().BeTrue();
        matcher.Matches(other).Should().BeFalse();
        new LabelMatcher("instance", MatchKind.NotRegex, pattern).Matches(value).Should().BeFalse();
    }

    [Theory]
    [InlineData(@"a\d", "a1", "ad")]
    [InlineData(@"a\.+", "a..", "a.+")]
    [InlineData("(a|b)*", "abba", "(a|b)*")]
    [InlineData("(a)b", "ab", "a")]
    [InlineData("(?i)a|b", "B", "c")]
    [InlineData("(?i:a|b)", "B", "c")]
    [InlineData(@"\Qa.\E", "a.", "ab")]
    [InlineData("a$+", "a", "a$")]
    [InlineData("a|b{2}", "bb", "b{2}")]
    public void What_is_more_than_that_is_an_expression(string pattern, string value, string other)
    {
        var matcher = new LabelMatcher("instance", MatchKind.Regex, pattern);
        matcher.Literals.Should().BeNull();
        matcher.Matches(value).Should().BeTrue();
        matcher.Matches(other).Should().BeFalse();
    }

    [Fact]
    public void Half_a_pair_of_UTF_16_is_no_text()
    {
        var matcher = new LabelMatcher("instance", MatchKind.Regex, @"a\x{D800}");
        matcher.Literals.Should().BeNull();
        matcher.Matches("a").Should().BeFalse();
    }

    [Theory]
    [InlineData("(a|b")]
    [InlineData("a|b)")]
    [InlineData(@"a|\")]
    [InlineData(@"a|\1")]
    [InlineData(@"a|\e")]
    [InlineData(@"\x{D8000000}")]
    public void What_is_no_expression_is_refused(string pattern) =>
        FluentActions.Invoking(() => new LabelMatcher("instance", MatchKind.Regex, pattern)).Should().Throw<ArgumentException>();

    [Theory]
    [InlineData("count(up{instance=~\"$\"})")]
    [InlineData("count(up{instance=~\"($)\"})")]
    [InlineData("count(info(up, {version=\"1\"}))")]
    public void Thousands_of_instances_are_asked_for_by_name(string text)
    {
        string[] instances = [.. Enumerable.Range(0, 2000).Select(i => $"compute-{i}.example.org:9100")];
        using var head = new Head(HeadOptions.Default);
        using (var batch = new SampleBatch("t"))
        {
            foreach (string instance in instances.Append("compute-0xexample.org:9100"))
            {
                batch.Add(Labels.Of("up", ("instance", instance), ("job", "node")), Now, 1);
                if (instance.Contains(".org", StringComparison.Ordinal) && !instance.Contains("0x", StringComparison.Ordinal))
                    batch.Add(Labels.Of("target_info", ("instance", instance), ("job", "node"), ("version", "1")), Now, 1);
            }
            head.Append(batch, Now);
        }
        text = text.Replace("$", string.Join('|', instances).Replace(".", @"\\.", StringComparison.Ordinal), StringComparison.Ordinal);
        PreparedQuery.TryParse(text, out PreparedQuery? query, out QueryError? error).Should().BeTrue($"{error}");
        new QueryEngine().Instant(query!, head, Now).Vector.Should().ContainSingle().Which.Sample.Value.Should().Be(2000);
    }
}
