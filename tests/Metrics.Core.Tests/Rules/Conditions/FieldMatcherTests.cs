using Metrics.Rules.Conditions;

namespace Metrics.Tests.Rules.Conditions;

/// <summary>What a rule over events asks of one field, as people write it.</summary>
public sealed class FieldMatcherTests
{
    [Theory]
    [InlineData("x", "x", true)]
    [InlineData("x", "xy", false)]
    [InlineData("=~x.*", "xy", true)]
    [InlineData("=~ .*Failed.*", "Failed password", true)]
    [InlineData("=~[ ]x", " x", true)]
    [InlineData("!~ x.*", "xy", false)]
    [InlineData("!=x", "", true)]
    [InlineData(">= 13", "13", true)]
    [InlineData(">13", "13", false)]
    [InlineData("==~", "=~", true)]
    public void A_value_is_compared_by_its_first_signs(string written, string value, bool matches)
    {
        FieldMatcher.TryParse("body", [written], out FieldMatcher? matcher, out string? error).Should().BeTrue(error);
        matcher!.Matches(value).Should().Be(matches);
    }
}
