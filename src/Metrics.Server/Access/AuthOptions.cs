using Metrics.Configuration;
using Metrics.Inputs;
using Metrics.Text;

namespace Metrics.Access;

/// <summary>Who may do what: the section <c>auth</c>.</summary>
/// <param name="Tokens">
/// Without any, and without certificates, everybody on this machine may do everything, and nobody else is answered.
/// </param>
/// <param name="AllowedHosts">Without tokens: further names under which this machine may be asked. Default none.</param>
/// <param name="AllowedOrigins">Other sites whose pages may change things, such as <c>https://karma.example</c>. Default none.</param>
internal sealed record AuthOptions(
    IReadOnlyList<TokenOptions> Tokens, IReadOnlyList<string> AllowedHosts, IReadOnlyList<string> AllowedOrigins)
{
    /// <summary>Whose certificates are known. Default none.</summary>
    public IReadOnlyList<CertificateOptions> Certificates { get; init; } = [];

    /// <summary>Whether there are accounts: nobody is let in without one.</summary>
    public bool IsConfigured => Tokens.Count + Certificates.Count > 0;

    /// <summary>The tokens with which a command of ours may do something.</summary>
    public IEnumerable<TokenOptions> TokensFor(Role needed) => Tokens.Where(t => t.May(needed));

    /// <summary>Reads the section.</summary>
    public static AuthOptions Read(YamlSection section)
    {
        IEnumerable<TokenOptions> tokens = section.Sections("tokens").Select(TokenOptions.Read).OfType<TokenOptions>();
        var options = new AuthOptions([.. tokens], section.Texts("allowed_hosts"), section.Texts("allowed_origins"))
        {
            Certificates = [.. section.Sections("client_certificates").Select(CertificateOptions.Read).OfType<CertificateOptions>()],
        };
        foreach (string origin in options.AllowedOrigins)
        {
            if (!Uri.TryCreate(origin, UriKind.Absolute, out Uri? url) || url.GetLeftPart(UriPartial.Authority) != origin)
                section.Report("allowed_origins", $"is '{origin}'; it must be scheme and host, and a port if any: https://karma.example");
        }
        section.Finish();
        return options;
    }
}
