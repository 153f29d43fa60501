using Metrics.Rules;
using Metrics.Rules.Testing;
using Metrics.Text;

namespace Metrics.Tests.Rules.Testing;

/// <summary>Numbers that are none, as people write them into unit tests of rules.</summary>
public sealed class RuleTestNumberTests
{
    [Theory]
    [InlineData("-.inf", "-1 / 0")]
    [InlineData("-.INF", "-1 / 0")]
    [InlineData("-Inf", "-1 / 0")]
    [InlineData(".inf", "1 / 0")]
    [InlineData("+Inf", "1 / 0")]
    [InlineData(".nan", "0 / 0")]
    [InlineData("NaN", "0 / 0")]
    public void What_is_no_number_is_expected_in_either_way_of_writing(string expected, string expr)
    {
        RuleTestFile tests = Read($$"""
            tests:
              - promql_expr_test:
                  - { expr: "{{expr}}", eval_time: 1m, exp_samples: [ { value: {{expected}} } ] }
            """, out List<Problem> problems)!;
        problems.Should().BeEmpty();
        RuleTestRun.Run(tests, tests.Tests.Single(), [], TimeProvider.System).Should().BeEmpty();
    }

    [Theory]
    [InlineData("1.inf")]
    [InlineData(".info")]
    [InlineData("-.")]
    public void Anything_else_is_refused(string expected)
    {
        Read($$"""
            tests:
              - promql_expr_test:
                  - { expr: "1", eval_time: 1m, exp_samples: [ { value: {{expected}} } ] }
            """, out List<Problem> problems);
        problems.Should().ContainSingle().Which.Message.Should().Contain("which is not a number");
    }

    private static RuleTestFile? Read(string text, out List<Problem> problems) => RuleTestFile.Read(text, "test.yaml", problems = []);
}
