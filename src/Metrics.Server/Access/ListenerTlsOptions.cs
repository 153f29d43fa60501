using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using Metrics.Configuration;
using Metrics.Text;

namespace Metrics.Access;

/// <summary>Whether clients must show a certificate; the names are those of Go, which Prometheus's exporters use too.</summary>
internal enum ClientAuth
{
    NoClientCert,
    VerifyClientCertIfGiven,
    RequireAndVerifyClientCert,
}

/// <summary>How the listener is secured: <c>tls_server_config</c>, in the words of Prometheus's <c>web.config.file</c>.</summary>
/// <param name="CertFile">Our certificate in PEM, with those between it and its authority behind it.</param>
/// <param name="KeyFile">Its key in PEM.</param>
/// <param name="ClientCaFile">Authorities of clients' certificates, in PEM; null where clients are asked for none.</param>
/// <param name="ClientAuth">Whether clients must show one. Default no.</param>
/// <param name="Protocols">TLS 1.2 and 1.3, or 1.3 alone. Default both.</param>
/// <remarks>https://github.com/prometheus/exporter-toolkit/blob/master/docs/web-configuration.md</remarks>
internal sealed record ListenerTlsOptions(
    string CertFile, string KeyFile, string? ClientCaFile, ClientAuth ClientAuth, SslProtocols Protocols)
{
    /// <summary>The files, for whoever looks whether they have changed.</summary>
    public IEnumerable<string> Files => [CertFile, KeyFile, .. ClientCaFile is null ? Array.Empty<string>() : [ClientCaFile]];

    /// <summary>Reads the section; null when it is not there, or cannot be used, which is reported.</summary>
    public static ListenerTlsOptions? Read(YamlSection top)
    {
        if (!top.Has("tls_server_config"))
            return null;
        YamlSection section = top.Section("tls_server_config");
        int before = section.Problems.Count;
        string? ca = section.Text("client_ca_file");
        string auth = section.Choice("client_auth_type", nameof(ClientAuth.NoClientCert), Enum.GetNames<ClientAuth>());
        string min = section.Choice("min_version", "TLS12", "TLS12", "TLS13");
        var options = new ListenerTlsOptions(
            section.RequiredText("cert_file"), section.RequiredText("key_file"), ca, Enum.Parse<ClientAuth>(auth),
            min == "TLS13" ? SslProtocols.Tls13 : SslProtocols.Tls12 | SslProtocols.Tls13);
        if (ca is null != (options.ClientAuth == ClientAuth.NoClientCert))
            section.Report("client_ca_file", "and a 'client_auth_type' that asks for certificates must stand together");
        section.Finish();
        if (section.Problems.Count > before)
            return null;
        if (options.TryCreate(out string? fault) is null)
            section.Report("cert_file", $"cannot be used: {fault}");
        return section.Problems.Count > before ? null : options;
    }

    /// <summary>Reads the files.</summary>
    /// <param name="fault">Why they cannot be used.</param>
    /// <returns>Null when they cannot be used.</returns>
    public SslServerAuthenticationOptions? TryCreate(out string? fault)
    {
        try
        {
            SslServerAuthenticationOptions server = ServerHandshake.Read(CertFile, KeyFile, ClientCaFile);
            server.EnabledSslProtocols = Protocols;
            if (ClientAuth != ClientAuth.NoClientCert)
            {
                // A session that is taken up again would not be looked at by authorities that were changed meanwhile.
                server.AllowTlsResume = false;
                server.RemoteCertificateValidationCallback = (_, certificate, _, errors) =>
                    errors == SslPolicyErrors.None || (certificate is null && ClientAuth == ClientAuth.VerifyClientCertIfGiven);
            }
            fault = null;
            return server;
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException or IOException or UnauthorizedAccessException)
        {
            fault = e.Message;
            return null;
        }
    }
}
