using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Metrics.Configuration;

/// <summary>How the other side is checked, for libraries that take nothing but a callback.</summary>
internal static class HandshakeCallback
{
    /// <summary>The purpose of servers' certificates; one that names no purpose has all.</summary>
    private static readonly Oid s_server = new("1.3.6.1.5.5.7.3.1");

    /// <summary>The check; null leaves it to the system's authorities.</summary>
    public static RemoteCertificateValidationCallback? ToCallback(this SslClientAuthenticationOptions tls)
    {
        if (tls.RemoteCertificateValidationCallback is { } given)
            return given;
        return tls.CertificateChainPolicy is not { } policy ? null : (_, certificate, shown, errors) =>
        {
            if (certificate is null || errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
                return false;
            using var chain = new X509Chain { ChainPolicy = policy.Clone() };
            // As a handshake without a callback asks: a certificate for clients alone makes nobody a server.
            chain.ChainPolicy.ApplicationPolicy.Add(s_server);
            // Those between it and its authority.
            if (shown is not null)
                chain.ChainPolicy.ExtraStore.AddRange(shown.ChainPolicy.ExtraStore);
            using var other = new X509Certificate2(certificate);
            return chain.Build(other);
        };
    }
}
