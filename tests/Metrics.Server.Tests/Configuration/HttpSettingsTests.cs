using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Metrics.Configuration;
using Microsoft.Extensions.Time.Testing;

namespace Metrics.Tests.Configuration;

public sealed class HttpSettingsTests
{
    [Fact]
    public void A_handler_is_careful_unless_it_is_asked_not_to_be()
    {
        using SocketsHttpHandler handler = new HttpSettings().CreateHandler();
        handler.Should().BeEquivalentTo(new { AllowAutoRedirect = false, UseCookies = false, UseProxy = false });
        handler.PooledConnectionLifetime.Should().Be(TimeSpan.FromMinutes(10));
        handler.MaxResponseDrainSize.Should().BePositive();
    }

    [Fact]
    public void What_is_set_reaches_the_handler()
    {
        var settings = new HttpSettings
        {
            Tls = TlsOptions.None with { ServerName = "db.example" },
            Proxy = ProxyOptions.Of(new Uri("http://proxy.example:3128")),
            ConnectTimeout = TimeSpan.FromSeconds(3),
            DrainsAnswers = false,
            MaxHeadersKibibytes = 256,
        };
        using SocketsHttpHandler handler = settings.CreateHandler();
        handler.Should().BeEquivalentTo(
            new { AllowAutoRedirect = false, UseProxy = true, MaxResponseHeadersLength = 256, MaxResponseDrainSize = 0 });
        handler.Proxy!.GetProxy(new Uri("http://a.example")).Should().Be(settings.Proxy.Url);
        handler.SslOptions.TargetHost.Should().Be("db.example");
        handler.ConnectTimeout.Should().Be(TimeSpan.FromSeconds(3));
    }

    [Fact]
    public void Equal_settings_share_a_client_and_a_renewed_certificate_makes_another()
    {
        string ca = Path.Combine(Directory.CreateTempSubdirectory("metrics").FullName, "ca.pem");
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        using X509Certificate2 signed =
            new CertificateRequest("CN=ca", key, HashAlgorithmName.SHA256).CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        File.WriteAllText(ca, signed.ExportCertificatePem());
        using var clients = new HttpClients(TimeProvider.System);
        HttpSettings Read() => new() { Tls = new TlsOptions(ca, null, null, null, false) };
        HttpClient first = clients.Get(Read());
        clients.Get(Read()).Should().BeSameAs(first, "a reload that changes nothing keeps the connections");
        File.SetLastWriteTimeUtc(ca, DateTime.UnixEpoch);
        clients.Get(Read()).Should().NotBeSameAs(first);
        Directory.Delete(Path.GetDirectoryName(ca)!, recursive: true);
    }

    [Fact]
    public void Accounts_of_a_proxy_are_told_apart_and_stand_in_no_address()
    {
        using var clients = new HttpClients(TimeProvider.System);
        HttpSettings Of(string proxy) => new() { Proxy = ProxyOptions.Of(new Uri(proxy)) };
        HttpClient first = clients.Get(Of("http://kim:1@p:3128"));
        clients.Get(Of("http://kim:1@p:3128")).Should().BeSameAs(first);
        clients.Get(Of("http://kim:2@p:3128")).Should().NotBeSameAs(first, "a changed password counts at once");
        using SocketsHttpHandler handler = Of("http://kim:s3cret@p:3128").CreateHandler();
        handler.Proxy!.GetProxy(new Uri("https://a.example"))!.ToString().Should().Be("http://p:3128/", "it stands in errors");
        handler.Proxy.Credentials!.GetCredential(new Uri("http://p:3128"), "Basic").Should().BeEquivalentTo(
            new { UserName = "kim", Password = "s3cret" });
        Of("http://kim:s3cret@p:3128").ToString().Should().NotContain("s3cret");
    }

    [Fact]
    public void A_client_that_nobody_asks_for_any_more_ends()
    {
        var time = new FakeTimeProvider();
        using var clients = new HttpClients(time);
        HttpSettings Of(string proxy) => new() { Proxy = ProxyOptions.Of(new Uri(proxy)) };
        clients.Get(Of("http://a"));
        time.Advance(HttpClients.UnusedFor);
        clients.Get(Of("http://b"));
        clients.Count.Should().Be(2);
        time.Advance(TimeSpan.FromSeconds(1));
        clients.Get(Of("http://c"));
        clients.Count.Should().Be(2, "the first has not been asked for in more than an hour");
    }

    [Fact]
    public void Nobody_else_makes_a_handler()
    {
        string source = Path.Combine(Cases.Repository, "src");
        string[] makers =
            ["new SocketsHttpHandler", "new HttpClientHandler", "new HttpClient(", "new HttpClient ", "HttpClient _http = new("];
        string[] found = [.. Directory.EnumerateFiles(source, "*.cs", SearchOption.AllDirectories)
            .Where(f => !f.Contains("/obj/", StringComparison.Ordinal))
            .Where(f => makers.Any(File.ReadAllText(f).Contains))
            .Select(f => Path.GetRelativePath(source, f))];
        found.Should().Equal("Metrics.Server/Configuration/HttpSettings.cs");
    }
}
