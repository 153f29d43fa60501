using System.Collections;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;
using Metrics.Configuration;
using Metrics.Hosting;
using Metrics.Pollers.Host;
using Metrics.Tests.Storage.Events.Geo;

namespace Metrics.Tests.Configuration;

public sealed class ConfigurationTests
{
    [Fact]
    public void Without_a_file_everything_has_its_default()
    {
        MetricsOptions options = MetricsOptions.Parse("");
        options.Listen.Text.Should().Be("127.0.0.1:9890");
        options.Storage.Path.Should().Be("./data");
        options.Targets.OfType<HostSection>().Single().Enabled.Should().BeTrue();
    }

    [Fact]
    public void Every_problem_is_told_at_once()
    {
        Action parse = () => MetricsOptions.Parse(File.ReadAllText(Cases.Own("wrong.bad.yaml")));
        string actual = parse.Should().Throw<ConfigurationException>().Which.Message + "\n";
        string expected = Cases.Own("wrong.bad.expected");
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1")
            File.WriteAllText(expected, actual);
        actual.Should().Be(File.ReadAllText(expected));
    }

    [Fact]
    public void The_environment_sets_any_key_and_is_named_when_it_is_wrong()
    {
        MetricsOptions.Load(
            null, new Hashtable { ["METRICS__STORAGE__PATH"] = "/srv/m", ["METRICS__HOST__INTERVAL"] = "30s" }).Storage.Path.Should()
            .Be("/srv/m");
        Action load = () => MetricsOptions.Load(null, new Hashtable { ["METRICS__STORAGE__PAHT"] = "x" });
        load.Should().Throw<ConfigurationException>()
            .WithMessage("*storage.paht is not a known key; did you mean 'path'? (from METRICS__STORAGE__PAHT)*");
    }

    [Fact]
    public void Others_are_let_in_only_once_tokens_are_configured()
    {
        Action open = () => MetricsOptions.Parse("listen: 0.0.0.0:9890");
        open.Should().Throw<ConfigurationException>().WithMessage("*needs tokens or client certificates in auth*");
        MetricsOptions.Parse("listen: 0.0.0.0:9890\nauth: { tokens: [ { name: ops, role: operator, token: s3cret } ] }").Listen.Text.Should()
            .Be("0.0.0.0:9890");
    }

    [Fact]
    public void A_certificate_that_cannot_be_read_is_a_problem_of_the_configuration()
    {
        string file = Path.Combine(Directory.CreateTempSubdirectory("tls").FullName, "ca.pem");
        File.WriteAllText(file, "no certificate");
        Action parse = () => MetricsOptions.Parse($"scrape_configs: [ {{ job_name: j, tls_config: {{ ca_file: '{file}' }} }} ]");
        parse.Should().Throw<ConfigurationException>().WithMessage("*tls_config.ca_file holds no certificate that can be read*");
    }

    [Fact]
    public void A_secret_is_never_printed()
    {
        MetricsOptions options = MetricsOptions.Parse("auth: { tokens: [ { name: ops, token: s3cret } ] }");
        options.ToString().Should().NotContain("s3cret");
        options.Auth.Tokens[0].ToString().Should().NotContain("s3cret");
        options.Auth.Tokens[0].Token.Reveal().Should().Be("s3cret");
    }

    [Fact]
    public void The_configurations_in_the_documents_load()
    {
        int loaded = 0;
        string folder = Directory.CreateTempSubdirectory("documents").FullName;
        File.WriteAllText(
            Path.Combine(folder, "clouds.yaml"),
            "clouds: { prod: { auth: { auth_url: 'https://keystone.example:5000/v3', username: u, password: p, project_name: p } } }");
        string[] documents =
        [
            "README.md", "docs/configuration.md", "docs/alerting.md", "docs/openstack.md", "docs/inputs.md", "docs/events.md",
            "docs/forward.md",
        ];
        foreach (string document in documents)
        {
            string text = File.ReadAllText(Path.Combine(Cases.Repository, document));
            foreach (string block in text.Split("```yaml\n").Skip(1).Select(b => b.Split("```")[0])
                .Where(b => !b.StartsWith("groups:", StringComparison.Ordinal)))
            {
                Action parse = () => MetricsOptions.Parse(AsIfTheReadersFilesWereHere(block, folder));
                parse.Should().NotThrow(block);
                loaded++;
            }
        }
        loaded.Should().BeGreaterThan(8);
    }

    /// <summary>The files that the documents name stand on the reader's machine: secrets, certificates, and the account's.</summary>
    private static string AsIfTheReadersFilesWereHere(string yaml, string folder)
    {
        string places = Path.Combine(folder, "places.mmdb");
        File.WriteAllBytes(places, MmdbWriter.Write("GeoLite2-City", ("81.0.0.0/8", "DE", null)));
        yaml = yaml.Replace("/var/lib/GeoIP/GeoLite2-City.mmdb", places, StringComparison.Ordinal);
        foreach (Match file in Regex.Matches(yaml, "/etc/(metricsd|ssl)/([a-z.-]+)"))
        {
            string name = file.Groups[2].Value;
            bool isCertificate = Path.GetExtension(name) is ".pem" or ".crt" or ".key";
            File.WriteAllText(Path.Combine(folder, name), isCertificate ? s_certificate : "https://hooks.example/s3cret");
        }
        return Regex.Replace(yaml, "/etc/(metricsd|openstack|ssl)/", folder + "/")
            .Replace("{ cloud: prod", $"{{ clouds_file: '{folder}/clouds.yaml', cloud: prod", StringComparison.Ordinal);
    }

    /// <summary>A certificate and its key in PEM form.</summary>
    private static readonly string s_certificate = MakeCertificate();

    private static string MakeCertificate()
    {
        using var key = ECDsa.Create();
        var request = new CertificateRequest("CN=metricsd", key, HashAlgorithmName.SHA256);
        using X509Certificate2 certificate = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(100));
        return $"{certificate.ExportCertificatePem()}\n{key.ExportPkcs8PrivateKeyPem()}\n";
    }
}
