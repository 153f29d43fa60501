using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Metrics.Configuration;

/// <summary>The server's side of a TLS handshake, from PEM files.</summary>
internal static class ServerHandshake
{
    /// <summary>Reads the files.</summary>
    /// <param name="certFile">Our certificate, with those between it and its authority behind it.</param>
    /// <param name="keyFile">Its key.</param>
    /// <param name="caFile">Authorities that clients' certificates must come from; null asks clients for none.</param>
    /// <exception cref="IOException">A file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">A file cannot be read.</exception>
    /// <exception cref="CryptographicException">A file holds something else, or the key is of another certificate.</exception>
    public static SslServerAuthenticationOptions Read(string certFile, string? keyFile, string? caFile)
    {
        X509Certificate2 own = X509Certificate2.CreateFromPemFile(certFile, keyFile);
        var chain = new X509Certificate2Collection();
        chain.ImportFromPemFile(certFile);
        var server = new SslServerAuthenticationOptions
        {
            ServerCertificateContext = SslStreamCertificateContext.Create(own, chain, offline: true),
        };
        if (caFile is null)
            return server;
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPemFile(caFile);
        if (authorities.Count == 0)
            throw new CryptographicException($"there is no certificate in {caFile}");
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.AddRange(authorities);
        server.ClientCertificateRequired = true;
        server.CertificateChainPolicy = policy;
        return server;
    }
}
