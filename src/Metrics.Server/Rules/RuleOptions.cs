using Metrics.Configuration;
using Metrics.Text;

namespace Metrics.Rules;

/// <summary>Which rules are evaluated, and where: the section <c>rules</c>.</summary>
/// <param name="Files">Rule files; the last part may hold wildcards.</param>
/// <param name="Shipped">Whether the shipped rules are evaluated too. Default true.</param>
/// <param name="RemoteQuery">An engine that speaks Prometheus's API and evaluates the rules' expressions in our place; null is none.</param>
internal sealed record RuleOptions(IReadOnlyList<string> Files, bool Shipped, Uri? RemoteQuery)
{
    public static RuleOptions Read(YamlSection section)
    {
        Uri? remote = section.Has("remote_query") ? section.RequiredUrl("remote_query") : null;
        var options = new RuleOptions(section.Texts("files"), section.Flag("shipped", true), remote);
        section.Finish();
        return options;
    }
}
