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

    [Fact]
    public void A_link_counts_as_what_it_leads_to()
    {
        string folder = Directory.CreateTempSubdirectory("id").FullName;
        foreach (string version in new[] { "1", "2" })
        {
            Directory.CreateDirectory(Path.Combine(folder, version));
            File.WriteAllText(Path.Combine(folder, version, "tls.crt"), "same length");
            File.SetLastWriteTimeUtc(Path.Combine(folder, version, "tls.crt"), DateTime.UnixEpoch.AddDays(version[0]));
        }
        // As Kubernetes mounts secrets.
        string data = Path.Combine(folder, "..data"), file = Path.Combine(folder, "tls.crt");
        Directory.CreateSymbolicLink(data, "1");
        File.CreateSymbolicLink(file, "..data/tls.crt");
        string first = FileState.Of(file);
        first.Should().NotBeEmpty();
        Directory.Delete(data);
        FileState.Of(file).Should().BeEmpty("the link is broken");
        Directory.CreateSymbolicLink(data, "2");
        FileState.Of(file).Should().NotBe(first).And.NotBeEmpty();
        File.Delete(file);
        File.CreateSymbolicLink(file, file);
        FileState.Of(file).Should().BeEmpty("the link leads to itself");
        Directory.Delete(folder, recursive: true);
    }

    private static SectionId Of(string yaml)
    {
        var problems = new List<Problem>();
        var map = (YamlMap)YamlComposer.Compose(yaml, "f", problems)!;
        problems.Should().BeEmpty();
        return SectionId.Of("s", new YamlSection(map, "f", "", problems));
    }
}
