using Metrics.Text;

namespace Metrics.Rules.Sigma;

/// <summary>Which fields of events the names in a correlation stand for: those of each rule's logs, also by an alias.</summary>
/// <param name="correlation">The correlation.</param>
/// <param name="faults">Added to.</param>
/// <param name="sources">The logs of the rules that are loaded.</param>
internal sealed class SigmaNames(YamlMap correlation, SigmaFaults faults, IReadOnlyDictionary<SigmaDocument, SigmaSource> sources)
{
    private readonly YamlMap? _aliases = correlation["aliases"] as YamlMap;

    /// <summary>The name that stands for one in what a correlation refers to; null where its alias says none, which is a fault.</summary>
    public string? AskedOf(YamlText name, SigmaDocument rule)
    {
        if (_aliases?[name.Text] is not YamlMap alias)
            return name.Text;
        string? asked = SigmaDocument.TextOf(alias, rule.Name) ?? SigmaDocument.TextOf(alias, rule.Id);
        if (asked is null)
            faults.Add(SigmaReason.Broken, alias, $"the alias {name.Text} says no field of the rule '{rule.Reference}'");
        return asked;
    }

    /// <summary>The field of a rule's events; null where there is none, which is a fault.</summary>
    public string? FieldOf(YamlText name, SigmaDocument rule)
    {
        if (AskedOf(name, rule) is not { } asked)
            return null;
        string? field = sources[rule].Find(asked)?.Name;
        if (field is null)
            faults.Add(SigmaReason.Field, name, $"events of {sources[rule].Name} have no field {asked} that could be counted by");
        return field;
    }

    /// <summary>The field that it is in all of some rules; null where there is no such, which is a fault.</summary>
    public string? FieldOf(YamlText name, IEnumerable<SigmaDocument> rules)
    {
        string? field = null;
        foreach (SigmaDocument rule in rules)
        {
            string? own = FieldOf(name, rule);
            if (own is not null && field is not null && field != own)
            {
                string message = $"{name.Text} is {field} in one rule and {own} in another, which is not supported";
                faults.Add(SigmaReason.Correlation, name, message);
            }
            field ??= own;
        }
        return field;
    }
}
