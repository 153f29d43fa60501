using Metrics.Hosting;

namespace Metrics.Tests.Intake;

public sealed class RedactOptionsTests
{
    [Fact]
    public void All_that_is_wrong_with_patterns_is_said_at_once_and_where()
    {
        Action parse = () => MetricsOptions.Parse("""
            events:
              redact:
                - { pattern: '(' }
                - { pattern: 'a(?=b)' }
                - { pattern: 'x*' }
                - { replace: y }
                - { pattern: card, replace: '' }
                - { pattern: card, with: x }
            """);
        string said = parse.Should().Throw<Exception>().Which.Message;
        said.Should().Contain("events.redact[0].pattern is no expression").And.Contain("events.redact[1].pattern is no expression: look-around")
            .And.Contain("events.redact[2].pattern matches the empty text").And.Contain("events.redact[3].pattern is required")
            .And.Contain("events.redact[4].replace is empty").And.Contain("events.redact[5]").And.Contain("with");
    }

    [Fact]
    public void Known_secrets_are_masked_unless_somebody_says_no()
    {
        MetricsOptions.Parse("").Events.Redactor.Redact("password=x").Should().Be("password=***");
        MetricsOptions.Parse("events: { redact_defaults: false }").Events.Redactor.Redact("password=x").Should().Be("password=x");
        MetricsOptions.Parse("events: { redact: [ { pattern: 'card [0-9]+' } ] }").Events.Redactor.Redact("card 12 password=x")
            .Should().Be("*** password=***");
    }
}
