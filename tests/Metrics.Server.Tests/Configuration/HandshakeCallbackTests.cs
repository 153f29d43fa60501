using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Metrics.Configuration;

namespace Metrics.Tests.Configuration;

/// <summary>How certificates of servers are checked where a library takes a callback alone.</summary>
public sealed class HandshakeCallbackTests : IDisposable
{
    private const string Server = "1.3.6.1.5.5.7.3.1", Client = "1.3.6.1.5.5.7.3.2";

    private readonly Certificates _ours = new(), _others = new();

    [Theory]
    [InlineData(null, true)]
    [InlineData(Server, true)]
    [InlineData(Client, false)]
    public void A_certificate_of_the_authority_is_trusted_unless_it_is_for_clients_alone(string? purpose, bool isTrusted) =>
        IsTrusted(_ours, purpose, SslPolicyErrors.RemoteCertificateChainErrors).Should().Be(isTrusted);

    [Fact]
    public void One_of_another_name_or_authority_is_not_trusted()
    {
        IsTrusted(_ours, Server, SslPolicyErrors.RemoteCertificateNameMismatch).Should().BeFalse();
        IsTrusted(_others, Server, SslPolicyErrors.RemoteCertificateChainErrors).Should().BeFalse();
    }

    public void Dispose()
    {
        _ours.Dispose();
        _others.Dispose();
    }

    private bool IsTrusted(Certificates issuer, string? purpose, SslPolicyErrors errors)
    {
        issuer.Issue("server", "CN=server", purpose: purpose);
        using var certificate = X509Certificate2.CreateFromPem(File.ReadAllText(Path.Combine(issuer.Folder, "server.pem")));
        RemoteCertificateValidationCallback check =
            (TlsOptions.None with { CaFile = _ours.CaFile }).ToClientOptions("localhost").ToCallback()!;
        return check(this, certificate, null, errors);
    }
}
