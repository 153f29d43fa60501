using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Metrics.Model;

namespace Metrics.Pollers.Probes;

/// <summary>What a TLS handshake showed: when certificates end, who issued them, which version was agreed.</summary>
internal static class CertificateMetrics
{
    private static readonly Metric s_earliest = Metric.Gauge("probe_ssl_earliest_cert_expiry", "Returns last SSL chain expiry in unixtime");
    private static readonly Metric s_chain =
        Metric.Gauge("probe_ssl_last_chain_expiry_timestamp_seconds",
            "Returns last SSL chain expiry in timestamp; absent when no chain could be verified");
    private static readonly Metric s_info =
        Metric.Gauge("probe_ssl_last_chain_info", "Contains SSL leaf certificate information", "fingerprint_sha256", "subject", "issuer",
            "subjectalternative", "serialnumber");
    private static readonly Metric s_version =
        Metric.Gauge("probe_tls_version_info", "Returns the TLS version used or NaN when unknown", "version");

    /// <summary>What was seen while the handshake was checked.</summary>
    internal sealed class Seen
    {
        public List<X509Certificate2> Certificates { get; } = [];

        public bool Verified { get; set; }
    }

    /// <summary>Client options that remember the certificates, and judge as the configuration says.</summary>
    public static SslClientAuthenticationOptions Watch(SslClientAuthenticationOptions options, bool skipVerify, Seen seen)
    {
        RemoteCertificateValidationCallback? asked = skipVerify ? null : options.RemoteCertificateValidationCallback;
        options.RemoteCertificateValidationCallback = (sender, certificate, chain, errors) =>
        {
            seen.Certificates.Clear();
            if (certificate is X509Certificate2 leaf)
                seen.Certificates.Add(new X509Certificate2(leaf));
            if (chain is not null)
                seen.Certificates.AddRange(chain.ChainElements.Skip(1).Select(e => new X509Certificate2(e.Certificate)));
            seen.Verified = asked?.Invoke(sender, certificate, chain, errors) ?? errors == SslPolicyErrors.None;
            return skipVerify || seen.Verified;
        };
        return options;
    }

    public static void Report(SampleSink sink, Seen seen, System.Security.Authentication.SslProtocols protocol)
    {
        if (seen.Certificates.Count == 0)
            return;
        sink.Add(s_earliest, seen.Certificates.Min(NotAfter));
        if (seen.Verified)
            sink.Add(s_chain, seen.Certificates.Min(NotAfter));
        X509Certificate2 leaf = seen.Certificates[0];
        string alternative =
            string.Join(',', leaf.Extensions.OfType<X509SubjectAlternativeNameExtension>().SelectMany(e => e.EnumerateDnsNames()));
        sink.Add(
            s_info, 1, Convert.ToHexStringLower(leaf.GetCertHash(HashAlgorithmName.SHA256)), leaf.Subject, leaf.Issuer, alternative,
            leaf.SerialNumber.ToLowerInvariant());
        string version = protocol switch
        {
            System.Security.Authentication.SslProtocols.Tls13 => "TLS 1.3",
            System.Security.Authentication.SslProtocols.Tls12 => "TLS 1.2",
            _ => protocol.ToString(),
        };
        sink.Add(s_version, 1, version);
    }

    private static double NotAfter(X509Certificate2 certificate) =>
        new DateTimeOffset(certificate.NotAfter.ToUniversalTime()).ToUnixTimeSeconds();
}
