using Metrics.Configuration;
using Metrics.Inputs;
using Metrics.Text;

namespace Metrics.Access;

/// <summary>Who may do what: the section <c>auth</c>.</summary>
/// <param name="Tokens">Without any, everybody on this machine may do everything, and nobody else is answered.</param>
/// <param name="AllowedHosts">Without tokens: further names under which this machine may be asked. Default none.</param>
/// <param name="AllowedOrigins">Other sites whose pages may change things, such as <c>https://karma.example</c>. Default none.</param>
internal sealed record AuthOptions(
    IReadOnlyList<TokenOptions> Tokens, IReadOnlyList<string> AllowedHosts, IReadOnlyList<string> AllowedOrigins)
{
    /// <summary>Whether there are tokens.</summary>
    public bool IsConfigured => Tokens.Count > 0;

    /// <summary>A token with which a command of ours may do something; null when none may.</summary>
    public TokenOptions? TokenFor(Role needed) => Tokens.FirstOrDefault(t => t.May(needed));

    /// <summary>Reads the section.</summary>
    public static AuthOptions Read(YamlSection section)
    {
        IEnumerable<TokenOptions> tokens = section.Sections("tokens").Select(TokenOptions.Read).OfType<TokenOptions>();
        var options = new AuthOptions([.. tokens], section.Texts("allowed_hosts"), section.Texts("allowed_origins"));
        foreach (string origin in options.AllowedOrigins)
        {
            if (!Uri.TryCreate(origin, UriKind.Absolute, out Uri? url) || url.GetLeftPart(UriPartial.Authority) != origin)
                section.Report("allowed_origins", $"is '{origin}'; it must be scheme and host, and a port if any: https://karma.example");
        }
        section.Finish();
        return options;
    }
}

/// <summary>A token, and what it is for.</summary>
/// <param name="Name">How logs, limits and the audit call who uses it.</param>
/// <param name="Held">Its roles.</param>
/// <param name="Token">The secret.</param>
internal sealed record TokenOptions(string Name, IReadOnlyList<Role> Held, Secret Token)
{
    /// <summary>Of whom alone it may send; null is of anybody.</summary>
    public SenderBinding? Binding { get; init; }

    /// <summary>Whether it may be used for what a role is needed for.</summary>
    public bool May(Role needed) => Held.Any(r => r.Includes(needed));

    /// <summary>Reads one; null when it has no secret, which is reported.</summary>
    internal static TokenOptions? Read(YamlSection section)
    {
        string name = section.RequiredText("name");
        IReadOnlyList<Role> held = ReadRoles(section);
        SenderBinding? binding = SenderBinding.Read(section);
        if (binding is not null && (!held.Contains(Role.Ingest) || held.Any(r => r is Role.Operator or Role.Admin)))
            section.Report(binding.Key, "binds what is sent: the token needs the role ingest, and beside it at most viewer");
        Secret? secret = Secret.Read(section, "token");
        if (secret is null)
            section.Report("token", "or 'token_file' is required");
        section.Finish();
        return secret is null ? null : new TokenOptions(name, held, secret) { Binding = binding };
    }

    private static List<Role> ReadRoles(YamlSection section)
    {
        IReadOnlyList<string> names = section.Texts("roles");
        if (section.Text("role") is { } single)
        {
            if (section.Has("roles"))
                section.Report("role", "and 'roles' cannot stand together");
            names = [single];
        }
        else if (!section.Has("roles"))
        {
            names = [Role.Viewer.Name()];
        }
        string key = section.Has("roles") ? "roles" : "role";
        var held = new List<Role>();
        foreach (string name in names)
        {
            if (Roles.Find(name) is { } role)
                held.Add(role);
            else
                section.Report(key, $"is '{name}'; allowed are {string.Join(", ", Roles.All.Select(r => r.Name()))}");
        }
        if (names.Count == 0)
            section.Report(key, $"is empty; allowed are {string.Join(", ", Roles.All.Select(r => r.Name()))}");
        return held;
    }
}
