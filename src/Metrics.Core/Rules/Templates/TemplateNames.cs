using Scriban.Syntax;

namespace Metrics.Rules.Templates;

/// <summary>What names a Scriban template holds, and so what its text can depend on.</summary>
internal static class TemplateNames
{
    private static readonly HashSet<string> s_ofValue =
    [
        "labels", "value", "threshold", "math", "string", "humanize", "humanize1024", "humanize_duration", "humanize_percentage",
    ];

    private static readonly HashSet<string> s_changing = ["random", "uuid", "now"];

    /// <summary>Whether there are none: then the template is a constant.</summary>
    public static bool AreNone(ScriptNode? node) => All(node, _ => false, _ => false);

    /// <summary>Whether all are of the series, its value and its threshold, and of functions that give the same each time.</summary>
    public static bool FollowValueAlone(ScriptNode? node) => All(node, s_ofValue.Contains, m => !s_changing.Contains(m));

    private static bool All(ScriptNode? node, Func<string, bool> isVariable, Func<string, bool> isMember)
    {
        switch (node)
        {
            case null:
                return true;
            case ScriptVariable variable:
                return isVariable(variable.Name);
            case ScriptMemberExpression { Member: { } member } access:
                return isMember(member.Name) && All(access.Target, isVariable, isMember);
        }
        for (int i = 0; i < node.ChildrenCount; i++)
        {
            if (!All(node.GetChildren(i), isVariable, isMember))
                return false;
        }
        return true;
    }
}
