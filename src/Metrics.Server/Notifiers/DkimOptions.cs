using Metrics.Configuration;
using Metrics.Text;
using MimeKit.Cryptography;

namespace Metrics.Notifiers;

/// <summary>The key that mails are signed with.</summary>
/// <remarks>RFC 6376.</remarks>
internal sealed record DkimOptions(string Domain, string Selector, string PrivateKeyFile)
{
    public static DkimOptions Read(YamlSection section)
    {
        var options =
            new DkimOptions(section.RequiredText("domain"), section.RequiredText("selector"), section.RequiredText("private_key_file"));
        if (options.PrivateKeyFile.Length > 0)
        {
            try
            {
                options.Signer();
            }
            catch (Exception e) when (e is IOException or FormatException or ArgumentException or UnauthorizedAccessException)
            {
                section.Report("private_key_file", $"is '{options.PrivateKeyFile}', which holds no private key in PEM form: {e.Message}");
            }
        }
        section.Finish();
        return options;
    }

    public DkimSigner Signer() => new(PrivateKeyFile, Domain, Selector)
    {
        HeaderCanonicalizationAlgorithm = DkimCanonicalizationAlgorithm.Relaxed,
        BodyCanonicalizationAlgorithm = DkimCanonicalizationAlgorithm.Relaxed,
        AgentOrUserIdentifier = "@" + Domain,
        SignatureAlgorithm = DkimSignatureAlgorithm.RsaSha256,
    };
}
