using static Metrics.Tests.Rules.Sigma.SigmaHarness;

namespace Metrics.Tests.Rules.Sigma;

/// <summary>Sigma's values and modifiers, each with a value that is found and one that is not.</summary>
public sealed class SigmaModifierTests
{
    [Theory]
    // Values: whole, whatever the case; wildcards and what takes them as they are.
    [InlineData("user.name: Root", "ROOT", "rooted")]
    [InlineData("user.name: 404", "404", "40")]
    [InlineData("user.name: [ann, bob]", "BOB", "bo")]
    [InlineData("user.name: 'ro*'", "root", "aro")]
    [InlineData("user.name: '*ro'", "aro", "root")]
    [InlineData("user.name: 'a*b*c'", "a1b2c", "a1c2b")]
    [InlineData("user.name: 'r??t'", "root", "rot")]
    [InlineData("user.name: ['r?t', 'a*']", "anna", "root")]
    [InlineData(@"user.name: 'a\*b'", "a*b", "axb")]
    [InlineData(@"user.name: 'a\?b'", "a?b", "axb")]
    [InlineData(@"user.name: 'C:\dir\file'", @"c:\DIR\file", "c:dirfile")]
    [InlineData(@"user.name: 'C:\\*'", @"C:\x", "C:*")]
    [InlineData(@"user.name: 'a\\\*b'", @"a\*b", @"a\xb")]
    [InlineData("user.name: 'ab*bc'", "abbc", "abc")]
    // Where in the value.
    [InlineData("user.name|contains: oo", "ROOT", "rot")]
    [InlineData("user.name|contains: ['x1', 'y1']", "aY1b", "xy")]
    [InlineData("user.name|contains: 'a?c'", "xxabcxx", "ac")]
    [InlineData("user.name|contains: '*a*b*'", "1a2b3", "1b2a3")]
    [InlineData("user.name|startswith: ro", "Root", "aroot")]
    [InlineData("user.name|startswith: ['a*z', 'b']", "a12z3", "za")]
    [InlineData("user.name|endswith: ot", "roOT", "otx")]
    [InlineData("user.name|contains|all: [a, b]", "xbxa", "aa")]
    [InlineData("user.name|all|contains: [a, b]", "ba", "b")]
    // Case.
    [InlineData("user.name|cased: Root", "Root", "root")]
    [InlineData("user.name|contains|cased: [OO, UU]", "rOOt", "root")]
    // Regular expressions, anywhere in the value.
    [InlineData("user.name|re: '^r.{2}t$'", "root", "Root")]
    [InlineData("user.name|re: 'o+'", "root", "rt")]
    [InlineData("user.name|re|i: '^R'", "root", "art")]
    [InlineData("user.name|re: '(?i)^R'", "root", "art")]
    [InlineData("user.name|re: '(?P<x>a)b'", "ab", "ac")]
    [InlineData("user.name|re|m: '^b$'", "a\nb", "ab")]
    [InlineData("user.name|re|s: 'a.b'", "a\nb", "ab")]
    [InlineData("user.name|re: 'a.b'", "axb", "a\nb")]
    // Networks and numbers.
    [InlineData("user.name|cidr: 192.0.2.0/24", "192.0.2.7", "192.0.3.7")]
    [InlineData("user.name|cidr: [10.0.0.0/8, 'fc00::/7']", "fd00::1", "fe00::1")]
    [InlineData("user.name|cidr: 192.0.2.0/24", "::ffff:192.0.2.7", "ann")]
    [InlineData("user.name|gt: 5", "6", "5")]
    [InlineData("user.name|gte: 5", "5", "4.9")]
    [InlineData("user.name|lt: 5", "-1", "5")]
    [InlineData("user.name|lte: 5.5", "5.5", "ann")]
    [InlineData("user.name|neq: root", "ann", "Root")]
    // What is made of a value first.
    [InlineData("user.name|windash|contains: ' -f '", "x /f y", "x +f y")]
    [InlineData("user.name|windash|contains: ' /f '", "x –f y", "x f y")]
    [InlineData("user.name|windash|contains: ' -f '", "x -f y", "x-f y")]
    [InlineData("user.name|windash|contains|all: [' -a', ' -b']", "x /b ―a", "x /b")]
    [InlineData("user.name|base64: foo", "Zm9v", "foo")]
    [InlineData("user.name|base64|contains: 'secret'", "xxc2VjcmV0yy", "xxsecret")]
    [InlineData("user.name|wide|base64: foo", "ZgBvAG8A", "Zm9v")]
    [InlineData("user.name|utf16le|base64: foo", "ZgBvAG8A", "AGYAbwBv")]
    [InlineData("user.name|utf16be|base64: foo", "AGYAbwBv", "ZgBvAG8A")]
    [InlineData("user.name|utf16|base64: foo", "//5mAG8AbwA=", "ZgBvAG8A")]
    [InlineData("user.name|base64offset|contains: '/bin/bash'", "L2Jpbi9iYXNo", "L2Jpbi96c2gK")]
    [InlineData("user.name|base64offset|contains: '/bin/bash'", "eC9iaW4vYmFzaHk=", "eC9iaW4venNoeQ==")]
    [InlineData("user.name|base64offset|contains: '/bin/bash'", "eHgvYmluL2Jhc2g=", "eHgvYmluL3pzaA==")]
    public void A_value_is_found_or_not(string item, string found, string other)
    {
        string rule = Rule($"selection:\n  {item}\ncondition: selection");
        Fires(rule, Event($"user.name={found}")).Should().BeTrue();
        Fires(rule, Event($"user.name={other}")).Should().BeFalse();
    }

    [Theory]
    [InlineData("user.name: null", "user.id=1", "user.name=ann")]
    [InlineData("user.name: ''", "user.id=1", "user.name=ann")]
    [InlineData("user.name: [null, ann]", "user.name=ann", "user.name=bob")]
    [InlineData("user.name|exists: true", "user.name=ann", "user.id=1")]
    [InlineData("user.name|exists: 'false'", "user.id=1", "user.name=ann")]
    [InlineData("user.name: '*'", "user.name=ann", "user.id=1")]
    [InlineData("user.name|fieldref: user.target.name", "user.name=Ann user.target.name=ann", "user.name=ann user.target.name=bob")]
    [InlineData("user.name|fieldref|startswith: user.id", "user.name=ann user.id=an", "user.name=ann user.id=nn")]
    [InlineData("user.name|endswith|fieldref: user.id", "user.name=ann user.id=nn", "user.name=ann user.id=an")]
    [InlineData("user.name|contains|fieldref: user.id", "user.name=ann user.id=n", "user.name=ann")]
    public void A_field_that_is_not_there_has_no_value(string item, string found, string other)
    {
        string rule = Rule($"selection:\n  {item}\ncondition: selection");
        Fires(rule, Event(found.Split(' '))).Should().BeTrue();
        Fires(rule, Event(other.Split(' '))).Should().BeFalse();
    }

    [Theory]
    [InlineData("user.name|expand: '%admins%'", "Modifier", "expand takes values for %placeholders%")]
    [InlineData("user.name|wide: x", "Modifier", "wide needs base64 or base64offset behind it")]
    [InlineData("user.name|hour: 3", "Modifier", "hour takes a part of a time, which is not supported")]
    [InlineData("user.name|startwith: 3", "Modifier", "'startwith' is not a known modifier; did you mean 'startswith'?")]
    [InlineData("user.name|re: '(?=a)b'", "Modifier", "look-around")]
    [InlineData("user.name|re: '(a'", "Broken", "is not a valid regular expression")]
    [InlineData("user.name|contains|re: a", "Broken", "contains and re cannot stand together")]
    [InlineData("user.name|base64|re: a", "Broken", "base64 is for texts, not for re")]
    [InlineData("user.name|base64: 'a*'", "Broken", "base64 needs a text without wildcards")]
    [InlineData("user.name|cidr: 192.0.2.0/99", "Broken", "is '192.0.2.0/99'; it must be a network")]
    [InlineData("user.name|gt: many", "Broken", "is 'many'; it must be a number")]
    [InlineData("user.name|exists: maybe", "Broken", "is 'maybe'; allowed are true and false")]
    [InlineData("user.name: { a: b }", "Broken", "must be a value or a list of values")]
    [InlineData("user.name|fieldref: nobody", "Field", "events of openstack have no field nobody")]
    [InlineData("Nobody: x", "Field", "events of openstack have no field Nobody")]
    public void What_cannot_be_compared_so_is_named_with_its_place(string item, string reason, string message)
    {
        var outcome = Load(Rule($"selection:\n  {item}\ncondition: selection")).Rules.Single();
        outcome.Faults.Should().ContainSingle().Which.ToString().Should().StartWith("0.yml:5:").And.Contain(message);
        outcome.Reason.ToString().Should().Be(reason);
    }
}
