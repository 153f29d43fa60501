using Metrics.Model;

namespace Metrics.Tests.Model;

/// <summary>Identities and their stored form, which files of the release before hold too.</summary>
public sealed class IdentityTests
{
    [Theory]
    [InlineData("host.yaml;host;Disk", "host.yaml", "host", "Disk", 1)]
    [InlineData("host.yaml;host;Disk#2", "host.yaml", "host", "Disk", 2)]
    [InlineData("host.yaml;a;b;Disk", "host.yaml", "a;b", "Disk", 1)]
    [InlineData("host.yaml;host;C#", "host.yaml", "host", "C#", 1)]
    [InlineData("Disk", "", "", "Disk", 1)]
    [InlineData("(sent);(sent);a;b#2", "(sent)", "(sent)", "a;b#2", 1)]
    public void A_rule_is_read_as_it_was_stored(string text, string file, string group, string name, int ordinal)
    {
        RuleId id = RuleId.Parse(text);
        (id.File, id.Group, id.Name, id.Ordinal).Should().Be((file, group, name, ordinal));
        id.ToString().Should().Be(text);
    }

    [Fact]
    public void Rules_are_equal_when_their_stored_forms_are()
    {
        var made = new RuleId("f.yaml", "a;b", "x;y#3", 2);
        RuleId.Parse(made.ToString()).Should().Be(made, "however the parts are read");
        made.Should().NotBe(new RuleId("f.yaml", "a;b", "x;y#3"));
    }

    [Fact]
    public void What_others_have_judged_is_told_apart_from_rules()
    {
        RuleId.OfOthers("Down").IsOfOthers.Should().BeTrue();
        RuleId.Parse(RuleId.OfOthers("").ToString()).IsOfOthers.Should().BeTrue("an alert need have no name");
        new RuleId("f.yaml", "(sent)", "Down").IsOfOthers.Should().BeFalse();
    }

    [Theory]
    [InlineData("ops/email/0", "ops", "email", 0)]
    [InlineData("team/db/webhook/12", "team/db", "webhook", 12)]
    public void An_integration_is_read_as_it_was_stored(string text, string receiver, string kind, int index)
    {
        IntegrationId id = IntegrationId.Parse(text);
        id.Should().Be(new IntegrationId(receiver, kind, index));
        id.ToString().Should().Be(text);
    }

    [Theory]
    [InlineData("")]
    [InlineData("ops")]
    [InlineData("ops/0")]
    [InlineData("ops/email/x")]
    [InlineData("ops/email/-1")]
    [InlineData("ops/email/99999999999")]
    public void What_is_no_integration_is_refused(string text)
    {
        IntegrationId.TryParse(text, out _).Should().BeFalse();
        Action parse = () => IntegrationId.Parse(text);
        parse.Should().Throw<FormatException>().WithMessage($"'{text}' is no integration such as ops/email/0");
    }
}
