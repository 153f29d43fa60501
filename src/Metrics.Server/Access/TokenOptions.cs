using Metrics.Configuration;
using Metrics.Inputs;
using Metrics.Text;

namespace Metrics.Access;

/// <summary>Who shows a token.</summary>
/// <param name="Name">How logs, limits and the audit call who uses it.</param>
/// <param name="Held">Its roles.</param>
/// <param name="Token">The secret.</param>
internal sealed record TokenOptions(string Name, IReadOnlyList<Role> Held, Secret Token) : Account(Name, Held)
{
    /// <summary>Reads one; null when it has no secret, which is reported.</summary>
    internal static TokenOptions? Read(YamlSection section)
    {
        string name = section.RequiredText("name");
        IReadOnlyList<Role> held = ReadRoles(section);
        SenderBinding? binding = ReadBinding(section, held);
        Secret? secret = Secret.Read(section, "token");
        if (secret is null)
            section.Report("token", "or 'token_file' is required");
        else if (secret.IsEmpty())
            section.Report(section.Has("token") ? "token" : "token_file", "is empty: everybody could show that");
        section.Finish();
        return secret is null ? null : new TokenOptions(name, held, secret) { Binding = binding };
    }
}
