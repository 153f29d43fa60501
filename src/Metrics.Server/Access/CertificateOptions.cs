using System.Net;
using System.Security.Cryptography.X509Certificates;
using Metrics.Inputs;
using Metrics.Text;

namespace Metrics.Access;

/// <summary>Who shows a client certificate. That it comes from one of <c>client_ca_file</c> was looked at in the handshake.</summary>
/// <param name="Name">How logs, limits and the audit call who uses it.</param>
/// <param name="Held">Its roles.</param>
/// <param name="CommonName">The subject's only <c>CN</c>; null where <paramref name="San"/> decides.</param>
/// <param name="San">A DNS name or an address among the subject's alternative names; null where <c>CN</c> decides.</param>
internal sealed record CertificateOptions(string Name, IReadOnlyList<Role> Held, string? CommonName, string? San) : Account(Name, Held)
{
    private const string CommonNameOid = "2.5.4.3";

    /// <summary>Reads one; null when it says not whose certificate it is, which is reported.</summary>
    internal static CertificateOptions? Read(YamlSection section)
    {
        string name = section.RequiredText("name");
        IReadOnlyList<Role> held = ReadRoles(section);
        SenderBinding? binding = ReadBinding(section, held);
        (string? common, string? san) = (section.Text("common_name"), section.Text("san"));
        bool isOne = string.IsNullOrEmpty(common) != string.IsNullOrEmpty(san);
        if (!isOne)
            section.Report("common_name", "or 'san' is required, one of them: whose certificate it is");
        section.Finish();
        return isOne ? new CertificateOptions(name, held, common, san) { Binding = binding } : null;
    }

    /// <summary>Whether a certificate is of this account.</summary>
    public bool Is(X509Certificate2 certificate) =>
        CommonName is not null ? CommonNamesOf(certificate) is [var only] && only == CommonName : HasSan(certificate, San!);

    private static List<string> CommonNamesOf(X509Certificate2 certificate) =>
    [
        .. certificate.SubjectName.EnumerateRelativeDistinguishedNames()
            .Where(part => !part.HasMultipleElements && part.GetSingleElementType().Value == CommonNameOid)
            .Select(part => part.GetSingleElementValue() ?? ""),
    ];

    private static bool HasSan(X509Certificate2 certificate, string san)
    {
        foreach (X509SubjectAlternativeNameExtension names in certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>())
        {
            if (IPAddress.TryParse(san, out IPAddress? address)
                ? names.EnumerateIPAddresses().Contains(address)
                : names.EnumerateDnsNames().Contains(san, StringComparer.OrdinalIgnoreCase))
                return true;
        }
        return false;
    }
}
