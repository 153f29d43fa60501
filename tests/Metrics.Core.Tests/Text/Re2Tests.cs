using Metrics.Text;

namespace Metrics.Tests.Text;

public sealed class Re2Tests
{
    [Theory]
    [InlineData("(a)(?P<n>b)", "ab", "$2-${n}-$1-$$-$0", "b-b-a-$-ab")]
    [InlineData("(a)", "a", "<$7$other${other}>", "<>")]
    [InlineData("(a)", "a", "<$99999999999>", "<>")]
    [InlineData("(a)", "a", "$ ${ ${1", "$ ${ ${1")]
    [InlineData("(a)", "b", "$1", null)]
    public void Groups_are_put_into_a_template_and_an_unknown_one_is_empty(
        string pattern, string value, string template, string? expanded) =>
        new Re2(pattern).Expand(value, template).Should().Be(expanded);
}
