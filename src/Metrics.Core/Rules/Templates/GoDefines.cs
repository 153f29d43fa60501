namespace Metrics.Rules.Templates;

/// <summary>Templates by name. Immutable.</summary>
/// <param name="ByName">What each stands for.</param>
internal sealed record GoDefines(IReadOnlyDictionary<string, List<GoNode>> ByName)
{
    /// <summary>These and more; of two with a name the later holds, unless there is nothing in it.</summary>
    public GoDefines With(IReadOnlyDictionary<string, List<GoNode>> more)
    {
        if (more.Count == 0)
            return this;
        var all = new Dictionary<string, List<GoNode>>(ByName);
        foreach ((string name, List<GoNode> nodes) in more)
        {
            if (!all.ContainsKey(name) || !GoParser.IsEmpty(nodes))
                all[name] = nodes;
        }
        return new GoDefines(all);
    }

    /// <summary>The names that a text uses itself.</summary>
    public static IEnumerable<string> UsedIn(List<GoNode> nodes) => nodes.SelectMany(node => node switch
    {
        GoInvoke invoke => [invoke.Name],
        GoBranch branch => UsedIn(branch.Then).Concat(UsedIn(branch.Else)),
        GoRange range => UsedIn(range.Body).Concat(UsedIn(range.Else)),
        _ => [],
    });
}
