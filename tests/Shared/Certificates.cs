using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Metrics.Testing;

/// <summary>An authority and certificates of it, as PEM files in a folder of their own.</summary>
internal sealed class Certificates : IDisposable
{
    private static readonly DateTimeOffset s_from = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero), s_to = s_from.AddYears(30);

    private readonly X509Certificate2 _authority;
    private byte _serial;

    public Certificates()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN=authority of {Folder}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        _authority = request.CreateSelfSigned(s_from, s_to);
        File.WriteAllText(CaFile, _authority.ExportCertificatePem());
    }

    public string Folder { get; } = Directory.CreateTempSubdirectory("certificates").FullName;

    public string CaFile => Path.Combine(Folder, "ca.pem");

    /// <summary>Writes <c>NAME.pem</c> and <c>NAME.key</c>.</summary>
    /// <param name="name">Name of the files.</param>
    /// <param name="subject">The subject.</param>
    /// <param name="dns">A name beside 127.0.0.1.</param>
    /// <param name="to">Its end; 2050 by default.</param>
    /// <param name="purpose">Its extended key usage, as a number; all by default.</param>
    public void Issue(string name, string subject, string dns = "localhost", DateTimeOffset? to = null, string? purpose = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(dns);
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        if (purpose is not null)
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(purpose)], critical: false));
        using X509Certificate2 issued = request.Create(_authority, s_from, to ?? s_to.AddDays(-1), [++_serial]);
        File.WriteAllText(Path.Combine(Folder, $"{name}.key"), key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(Path.Combine(Folder, $"{name}.pem"), issued.ExportCertificatePem());
    }

    public void Dispose()
    {
        _authority.Dispose();
        Directory.Delete(Folder, true);
    }
}
