using Metrics.Text;

namespace Metrics.Rules.Sigma;

/// <summary>Reads the selections of a rule: mappings (all of it), lists of mappings (any of them), lists of keywords.</summary>
/// <param name="source">The logs that the rule is about.</param>
/// <param name="faults">Added to.</param>
internal sealed class SigmaSelections(SigmaSource source, SigmaFaults faults)
{
    private static readonly Predicate<SigmaEvent> s_never = _ => false;

    /// <summary>Reads one selection.</summary>
    public Predicate<SigmaEvent> Read(string name, YamlValue selection)
    {
        switch (selection)
        {
            case YamlMap { Entries.Count: > 0 } map:
                return ReadMap(map);
            case YamlText { IsNull: false } keyword:
                return Keywords([keyword]);
            case YamlList { Items.Count: > 0 } list when list.Items.TrueForAll(i => i is YamlText):
                return Keywords([.. list.Items.Cast<YamlText>()]);
            case YamlList { Items.Count: > 0 } list when !list.Items.Exists(i => i is YamlList):
                return SigmaLogic.Any([.. list.Items.Select(i => Read(name, i))]);
            default:
                faults.Add(SigmaReason.Broken, selection, $"{name} must be a mapping of fields, a list of such, or a list of keywords");
                return s_never;
        }
    }

    private Predicate<SigmaEvent> ReadMap(YamlMap map) => SigmaLogic.All([.. map.Entries.Select(e => ReadItem(e.Key, e.Value))]);

    private Predicate<SigmaEvent> ReadItem(YamlText key, YamlValue value)
    {
        if (SigmaModifiers.Read(key, faults) is not { } modifiers || ReadValues(key, value) is not { } values)
            return s_never;
        Predicate<SigmaEvent> item;
        if (modifiers.Field.Length == 0)
        {
            if (modifiers is not { Comparison: null, Changes.Count: 0, IsNegated: false })
            {
                faults.Add(SigmaReason.Modifier, key, $"{key.Text}: keywords have no modifiers but 'all' and 'cased'");
                return s_never;
            }
            item = Keywords(values, modifiers.All, modifiers.IsCased);
        }
        else if (FieldOf(modifiers.Field, key) is { } field)
            item = new SigmaItem(key, modifiers, field, faults) { FieldOf = name => FieldOf(name, key) }.Read(values);
        else
            return s_never;
        return modifiers.IsNegated ? e => !item(e) : item;
    }

    private List<YamlText>? ReadValues(YamlText key, YamlValue value)
    {
        switch (value)
        {
            case YamlText text:
                return [text];
            case YamlList { Items.Count: > 0 } list when list.Items.TrueForAll(i => i is YamlText):
                return [.. list.Items.Cast<YamlText>()];
            default:
                faults.Add(SigmaReason.Broken, value, $"{key.Text} must be a value or a list of values");
                return null;
        }
    }

    private SigmaField? FieldOf(string name, YamlText key)
    {
        SigmaField? field = source.Find(name);
        if (field is null)
            faults.Add(SigmaReason.Field, key, $"events of {source.Name} have no field {name}");
        return field;
    }

    /// <summary>Texts that stand anywhere in the event's own.</summary>
    private Predicate<SigmaEvent> Keywords(IReadOnlyList<YamlText> keywords, bool all = false, bool isCased = false)
    {
        if (keywords.FirstOrDefault(k => k.IsNull || k.Text.Length == 0) is { } empty)
        {
            faults.Add(SigmaReason.Broken, empty, "a keyword is empty; it would be found in every event");
            return s_never;
        }
        List<SigmaPattern> patterns = [.. keywords.Select(k => SigmaPattern.Read(k.Text, true, true, isCased))];
        Predicate<string>[] tests = all
            ? [.. patterns.Select(p => SigmaComparisons.AnyOf([p], isCased))]
            : [SigmaComparisons.AnyOf(patterns, isCased)];
        return e => Array.TrueForAll(tests, t => t(e.Text));
    }
}
