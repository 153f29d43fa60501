using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Metrics.Text;

namespace Metrics.Configuration;

/// <summary>
/// How the other side of a TLS connection is checked, and what we show it (<c>tls_config</c>). Two readings are equal as long as the files
/// are the same too: a renewed certificate makes another value.
/// </summary>
internal sealed record TlsOptions(string? CaFile, string? CertFile, string? KeyFile, string? ServerName, bool InsecureSkipVerify)
{
    /// <summary>Nothing asked for: the system's authorities decide, and we show nothing.</summary>
    public static readonly TlsOptions None = new(null, null, null, null, false);

    /// <summary>The files as they were when this was read; part of what makes two of these equal.</summary>
    private readonly string _files =
        string.Join('|', new[] { CaFile, CertFile, KeyFile }.Select(FileState.Of));

    public static TlsOptions Read(YamlSection section)
    {
        var options = new TlsOptions(
            ExistingFile(section, "ca_file"), ExistingFile(section, "cert_file"), ExistingFile(section, "key_file"),
            section.Text("server_name"), section.Flag("insecure_skip_verify", false));
        if (options.CertFile is null != options.KeyFile is null)
            section.Report("cert_file", "and 'key_file' must stand together");
        else
            options.Try(section);
        section.Finish();
        return options;
    }

    /// <summary>Options for a handshake as client with a host.</summary>
    /// <exception cref="CryptographicException">A file holds no certificate.</exception>
    /// <param name="host">Name that the certificate must bear, unless <see cref="ServerName"/> says otherwise.</param>
    public SslClientAuthenticationOptions ToClientOptions(string host)
    {
        var options = new SslClientAuthenticationOptions { TargetHost = ServerName ?? host };
        if (CertFile is not null)
            options.ClientCertificates = [X509Certificate2.CreateFromPemFile(CertFile, KeyFile)];
        if (InsecureSkipVerify)
        {
#pragma warning disable CA5359 // The operator asked for it, by a key that says what it is.
            options.RemoteCertificateValidationCallback = (_, _, _, _) => true;
#pragma warning restore CA5359
        }
        else if (CaFile is not null)
        {
            var authorities = new X509Certificate2Collection();
            authorities.ImportFromPemFile(CaFile);
            if (authorities.Count == 0)
                throw new CryptographicException("there is none in PEM form");
            var policy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
            };
            policy.CustomTrustStore.AddRange(authorities);
            options.CertificateChainPolicy = policy;
        }
        return options;
    }

    /// <summary>
    /// The same for clients of HTTP, which put the name of the request's host in the place of ours: the certificate is held against
    /// <see cref="ServerName"/> here. What is asked for in the handshake (SNI) stays the request's host.
    /// </summary>
    /// <exception cref="CryptographicException">A file holds no certificate.</exception>
    public SslClientAuthenticationOptions ToHttpOptions()
    {
        SslClientAuthenticationOptions options = ToClientOptions("");
        if (ServerName is { } name && !InsecureSkipVerify)
        {
            options.RemoteCertificateValidationCallback = (_, certificate, _, errors) =>
                (errors & ~SslPolicyErrors.RemoteCertificateNameMismatch) == SslPolicyErrors.None
                && certificate is X509Certificate2 leaf && leaf.MatchesHostname(name);
        }
        return options;
    }

    /// <summary>Certificates that cannot be read are reported now, not at the first connection.</summary>
    private void Try(YamlSection section)
    {
        try
        {
            if (new[] { CaFile, CertFile, KeyFile }.OfType<string>().All(File.Exists))
                ToClientOptions("");
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException or IOException or UnauthorizedAccessException)
        {
            section.Report(CertFile is null ? "ca_file" : "cert_file", $"holds no certificate that can be read: {e.Message}");
        }
    }

    private static string? ExistingFile(YamlSection section, string key)
    {
        string? file = section.Text(key);
        if (file is not null && !File.Exists(file))
            section.Report(key, $"is '{file}', which does not exist");
        return file;
    }
}
