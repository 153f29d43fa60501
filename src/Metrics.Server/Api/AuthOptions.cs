using Metrics.Configuration;
using Metrics.Text;

namespace Metrics.Api;

internal enum Role
{
    None,
    Viewer,
    Operator,
    Admin,
}

internal sealed record TokenOptions(string Name, Role Role, Secret Token);

/// <summary>
/// Who may do what: the section <c>auth</c>. A role includes those before it: viewer reads, operator also pushes and reloads, admin
/// everything.
/// </summary>
internal sealed record AuthOptions(IReadOnlyList<TokenOptions> Tokens)
{
    public bool IsConfigured => Tokens.Count > 0;

    public static AuthOptions Read(YamlSection section)
    {
        var tokens = new List<TokenOptions>();
        foreach (YamlSection token in section.Sections("tokens"))
        {
            string name = token.RequiredText("name");
            Role role = token.Choice("role", "viewer", "viewer", "operator", "admin") switch
            {
                "admin" => Role.Admin,
                "operator" => Role.Operator,
                _ => Role.Viewer,
            };
            Secret? secret = Secret.Read(token, "token");
            if (secret is null)
                token.Report("token", "or 'token_file' is required");
            else
                tokens.Add(new TokenOptions(name, role, secret));
            token.Finish();
        }
        section.Finish();
        return new AuthOptions(tokens);
    }
}
