using static Metrics.Tests.Rules.Sigma.SigmaHarness;

namespace Metrics.Tests.Rules.Sigma;

/// <summary>Sigma's selections and conditions, each with an event that meets it and one that does not.</summary>
public sealed class SigmaConditionTests
{
    private const string Letters = """
        sel_a: { user.name|contains: a }
        sel_b: { user.name|contains: b }
        other: { user.name|contains: c }
        _hidden: { user.name|contains: z }
        condition: 
        """;

    [Theory]
    [InlineData("sel_a", "a", "b")]
    [InlineData("sel_a and sel_b", "ab", "a")]
    [InlineData("sel_a or sel_b", "b", "c")]
    [InlineData("not sel_a", "b", "a")]
    [InlineData("not not sel_a", "a", "b")]
    [InlineData("sel_a and not sel_b", "a", "ab")]
    [InlineData("sel_a or sel_b and other", "a", "b")]
    [InlineData("(sel_a or sel_b) and other", "bc", "a")]
    [InlineData("not (sel_a or sel_b)", "c", "b")]
    [InlineData("not sel_a or other", "ac", "a")]
    [InlineData("1 of sel_*", "b", "c")]
    [InlineData("any of sel_*", "a", "c")]
    [InlineData("all of sel_*", "ba", "b")]
    [InlineData("1 of them", "c", "z")]
    [InlineData("all of them", "abc", "ab")]
    [InlineData("other and not 1 of sel_*", "c", "ca")]
    [InlineData("1 of _hid*", "z", "a")]
    [InlineData("SEL", "", "", "'SEL' is not a selection of this rule; it has sel_a, sel_b, other, _hidden")]
    [InlineData("sel_a AND NOT sel_b", "a", "ab")]
    [InlineData("[sel_a, sel_b]", "b", "c")]
    [InlineData("sel_a and", "", "", "condition: ends where the name of a selection is needed")]
    [InlineData("(sel_a", "", "", "condition: a parenthesis is not closed")]
    [InlineData("sel_a)", "", "", "condition: ')' cannot stand there")]
    [InlineData("sel_a sel_b", "", "", "condition: 'sel_b' cannot stand there")]
    [InlineData("2 of sel_*", "", "", "'2 of' is not known; allowed are '1 of', 'any of' and 'all of'")]
    [InlineData("1 of none*", "", "", "no selection is named none*")]
    [InlineData("sel_a | count() by user.name > 5", "", "", "has an aggregation (|)")]
    [InlineData("''", "", "", "condition: ends where")]
    public void A_condition_holds_or_not(string condition, string found, string other, string? message = null)
    {
        string rule = Rule(Letters.TrimEnd() + " " + condition);
        if (message is not null)
        {
            Load(rule).Rules.Single().Faults.Should().ContainSingle().Which.ToString().Should().StartWith("0.yml:8:").And.Contain(message);
            return;
        }
        Fires(rule, Event($"user.name={found}")).Should().BeTrue();
        Fires(rule, Event($"user.name={other}")).Should().BeFalse();
    }

    [Fact]
    public void A_condition_that_is_nested_too_deep_is_an_error_and_no_crash()
    {
        string deep = new string('(', 100_000) + "sel_a" + new string(')', 100_000);
        Load(Rule(Letters.TrimEnd() + $" '{deep}'")).Rules.Single().Faults.Single().Message.Should().Contain("nested more than 50 deep");
    }

    [Theory]
    [InlineData("s: { user.name: a, user.id: 1 }", "user.name=a user.id=1", "user.name=a")]
    [InlineData("s: [{ user.name: a }, { user.id: 1 }]", "user.id=1", "user.id=2")]
    [InlineData("s: [connection refused, denied]", "Access_DENIED_by", "granted")]
    [InlineData("s: denied", "x-denied", "granted")]
    [InlineData("s: ['de*ed']", "xdexedx", "dexe")]
    [InlineData("s: ['denied', { user.id: 1 }]", "user.id=1", "user.id=2")]
    [InlineData("s: { '|all': [one, two] }", "two-one", "one")]
    [InlineData("s: { '|cased': [Root, Toor] }", "xRootx", "xrootx")]
    [InlineData("s: { '|all|cased': [One, Two] }", "TwoOne", "twoOne")]
    [InlineData("s: { '': [one, two] }", "two", "three")]
    [InlineData("s: { body|contains: one }", "xonex", "two")]
    [InlineData("s: { kind: host.login, host: a }", "kind=host.login host.name=a", "kind=host.logout host.name=a")]
    [InlineData("s: { severity_number|gte: 9 }", "x", null)]
    [InlineData("s: { openstack.any.thing: x }", "openstack.any.thing=x", "x")]
    public void A_selection_is_all_of_a_mapping_or_any_of_a_list(string selection, string found, string? other)
    {
        string rule = Rule($"{selection}\ncondition: s");
        Fires(rule, Event(found.Split(' '))).Should().BeTrue();
        if (other is not null)
            Fires(rule, Event(other.Split(' '))).Should().BeFalse();
    }

    [Theory]
    [InlineData("s: []", "s must be a mapping of fields, a list of such, or a list of keywords")]
    [InlineData("s: [[a]]", "s must be a mapping")]
    [InlineData("s: {}", "s must be a mapping")]
    [InlineData("s: [a, '']", "a keyword is empty")]
    [InlineData("s: { '|all': [a, null] }", "a keyword is empty")]
    [InlineData("s: { '|contains': a }", "keywords have no modifiers but 'all' and 'cased'")]
    [InlineData("s: { '|neq': a }", "keywords have no modifiers but 'all' and 'cased'")]
    [InlineData("s: { '|windash': a }", "keywords have no modifiers but 'all' and 'cased'")]
    [InlineData("s: a\ntimeframe: 5m", "timeframe belongs to aggregations")]
    public void A_selection_that_says_nothing_is_an_error(string selection, string message) =>
        Load(Rule($"{selection}\ncondition: s")).Rules.Single().Faults.Should().ContainSingle().Which.Message.Should().Contain(message);

    [Fact]
    public void A_selection_that_the_condition_does_not_name_need_not_fit() =>
        Fires(Rule("s: { user.name: a }\nunused: { Nobody: x }\ncondition: s"), Event("user.name=a")).Should().BeTrue();
}
