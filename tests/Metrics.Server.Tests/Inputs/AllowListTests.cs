using System.Net;
using Metrics.Inputs;
using Metrics.Text;

namespace Metrics.Tests.Inputs;

/// <summary>Who may send.</summary>
public sealed class AllowListTests
{
    [Theory]
    [InlineData("10.0.0.0/8", "10.1.2.3", true)]
    [InlineData("10.0.0.0/8", "11.1.2.3", false)]
    [InlineData("10.0.0.0/8", "::ffff:10.1.2.3", true)]
    [InlineData("192.0.2.7", "192.0.2.7", true)]
    [InlineData("192.0.2.7", "192.0.2.8", false)]
    [InlineData("2001:db8::/32", "2001:db8:1::1", true)]
    [InlineData("2001:db8::/32", "10.1.2.3", false)]
    [InlineData("::1", "::1", true)]
    public void Only_the_networks_of_the_list_may_send(string network, string address, bool allowed) =>
        Read($"allow_from: ['{network}']").Allows(IPAddress.Parse(address)).Should().Be(allowed);

    [Fact]
    public void Without_a_list_everybody_may_send() => Read("").Allows(IPAddress.Parse("203.0.113.9")).Should().BeTrue();

    [Fact]
    public void Two_lists_of_the_same_networks_are_equal()
    {
        Read("allow_from: [10.0.0.0/8, '::1']").Should().Be(Read("allow_from: ['10.0.0.0/8', '::1/128']"));
        Read("allow_from: 10.0.0.0/8").Should().NotBe(Read("allow_from: 10.0.0.0/9"));
        Read("allow_from: 10.0.0.0/8").Should().NotBe(Read(""));
    }

    [Fact]
    public void What_is_no_network_is_named()
    {
        var problems = new List<Problem>();
        Read("allow_from: [10.0.0.0/33, nowhere, 10.0.0.1]", problems);
        problems.Select(p => p.ToString()).Should().HaveCount(2).And.Contain(p => p.Contains("10.0.0.0/33"))
            .And.Contain(p => p.Contains("nowhere"));
    }

    private static AllowList Read(string yaml, List<Problem>? problems = null)
    {
        List<Problem> all = problems ?? [];
        YamlSection section = YamlComposer.Compose(yaml, "metrics.yaml", all) is YamlMap map
            ? new YamlSection(map, "metrics.yaml", "", all) : YamlSection.Empty("metrics.yaml", "", all);
        AllowList list = AllowList.Read(section);
        if (problems is null)
            all.Should().BeEmpty();
        return list;
    }
}
