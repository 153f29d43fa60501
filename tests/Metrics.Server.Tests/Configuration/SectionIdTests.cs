using Metrics.Configuration;
using Metrics.Text;

namespace Metrics.Tests.Configuration;

public sealed class SectionIdTests
{
    private const string Section = "{ job_name: a, targets: [b, c], tls_config: { server_name: d } }";

    [Theory]
    [InlineData("{ targets: [ 'b', \"c\" ], job_name: 'a', tls_config: { server_name: d } } # order, quotes, comments", true)]
    [InlineData("{ job_name: a, targets: [c, b], tls_config: { server_name: d } }", false)]
    [InlineData("{ job_name: a, targets: [bc], tls_config: { server_name: d } }", false)]
    [InlineData("{ job_name: a, targets: [b, c], tls_config: { server_name: e } }", false)]
    [InlineData("{ job_name: a, targets: [b, c], tls_config: { server_name: d }, password: p }", false)]
    [InlineData("{ job_name: a, targets: [b, c], tls_config: {}, server_name: d }", false)]
    public void Equal_contents_give_equal_ids_and_others_do_not(string other, bool equal) => (Of(Section) == Of(other)).Should().Be(equal);

    [Fact]
    public void A_file_that_is_named_belongs_to_the_section()
    {
        string file = Path.Combine(Directory.CreateTempSubdirectory("id").FullName, "ca.pem");
        string section = $"{{ ca_file: '{file}' }}";
        SectionId without = Of(section);
        File.WriteAllText(file, "one");
        SectionId with = Of(section);
        with.Should().NotBe(without);
        Of(section).Should().Be(with);
        File.WriteAllText(file, "another");
        Of(section).Should().NotBe(with, "a renewed certificate is a change");
    }

    private static SectionId Of(string yaml)
    {
        var problems = new List<Problem>();
        var map = (YamlMap)YamlComposer.Compose(yaml, "f", problems)!;
        problems.Should().BeEmpty();
        return SectionId.Of("s", new YamlSection(map, "f", "", problems));
    }
}
