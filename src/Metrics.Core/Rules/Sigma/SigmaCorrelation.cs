using System.Globalization;
using Metrics.Model;
using Metrics.Rules.Conditions;
using Metrics.Text;

namespace Metrics.Rules.Sigma;

/// <summary>What a correlation counts, in the words of rules over events.</summary>
/// <param name="Rules">The rules that it refers to.</param>
/// <param name="Over">The window.</param>
/// <param name="GroupBy">Fields by which it is counted apart.</param>
/// <param name="Distinct">The field whose values are counted; null counts events.</param>
/// <param name="Bounds">What raises the alert.</param>
internal sealed record SigmaCount(
    IReadOnlyList<SigmaDocument> Rules, TimeSpan Over, IReadOnlyList<string> GroupBy, string? Distinct, Bounds Bounds);

/// <summary>Reads a correlation of events: how many of them, or how many different values, in a time.</summary>
/// <remarks>https://github.com/SigmaHQ/sigma-specification/blob/main/specification/sigma-correlation-rules-specification.md</remarks>
/// <param name="document">The correlation.</param>
/// <param name="find">Finds a rule by name or id.</param>
/// <param name="sources">The logs of the rules that are loaded.</param>
internal sealed class SigmaCorrelation(
    SigmaDocument document, Func<string, SigmaDocument?> find, IReadOnlyDictionary<SigmaDocument, SigmaSource> sources)
{
    private static readonly string[] s_notYet =
        ["temporal", "temporal_ordered", "value_sum", "value_avg", "value_percentile", "value_median"];

    private readonly YamlMap _map = document.Correlation!;
    private readonly SigmaFaults _faults = document.Faults;

    /// <summary>The rules that a correlation refers to, by name or id.</summary>
    public static IEnumerable<YamlText> References(SigmaDocument document) =>
        document.Correlation is { } map ? SigmaDocument.TextsOf(map["rules"]) : [];

    /// <summary>Whether the rules that it refers to raise alerts of their own too.</summary>
    public static bool KeepsRules(SigmaDocument document) => document.Correlation is { } map
        && SigmaDocument.TextOf(map, "generate")?.Equals("true", StringComparison.OrdinalIgnoreCase) == true;

    /// <summary>Reads it; null when something is wrong, which is added to its faults.</summary>
    public SigmaCount? Read()
    {
        string? type = SigmaDocument.TextOf(_map, "type");
        if (s_notYet.Contains(type))
            Fault(SigmaReason.Correlation, "type", type!.StartsWith("temporal", StringComparison.Ordinal)
                ? $"{type} is not supported yet: it asks for different rules one after the other" : $"{type} is not supported");
        else if (type is not ("event_count" or "value_count"))
            Fault(SigmaReason.Broken, "type", $"correlation.type is '{type}'; allowed are event_count and value_count");
        List<SigmaDocument> rules = ReadRules();
        TimeSpan over = ReadTimespan();
        List<string> groupBy = ReadGroupBy(rules);
        (string? distinct, Bounds? bounds) = ReadCondition(type == "value_count", rules);
        return _faults.All.Count > 0 || bounds is null ? null : new SigmaCount(rules, over, groupBy, distinct, bounds);
    }

    private List<string> ReadGroupBy(List<SigmaDocument> rules)
    {
        List<string> fields =
            [.. SigmaDocument.TextsOf(_map["group-by"]).Select(f => FieldOf(f, rules)).OfType<string>().Distinct()];
        if (fields.Contains(EventFields.Body))
            Fault(SigmaReason.Correlation, "group-by", "events cannot be counted by their text: nearly every one is another");
        if (EventCountReader.OfOneLabel(fields) is { } same)
            Fault(SigmaReason.Correlation, "group-by", $"{string.Join(" and ", same)} are one label of alerts, {same.Key}; name but one");
        return fields;
    }

    private List<SigmaDocument> ReadRules()
    {
        var rules = new List<SigmaDocument>();
        foreach (YamlText reference in References(document))
        {
            if (find(reference.Text) is not { } rule)
                _faults.Add(SigmaReason.Broken, reference, $"there is no rule of the name or id '{reference.Text}'");
            else if (rule.IsCorrelation)
                _faults.Add(SigmaReason.Correlation, reference, $"'{reference.Text}' is a correlation itself, which is not supported");
            else if (!sources.ContainsKey(rule))
                _faults.Add(SigmaReason.Correlation, reference, $"the rule '{reference.Text}' is not loaded");
            else
                rules.Add(rule);
        }
        if (!References(document).Any())
            Fault(SigmaReason.Broken, "rules", "correlation.rules is required: names or ids of rules");
        return rules;
    }

    private TimeSpan ReadTimespan()
    {
        string? text = SigmaDocument.TextOf(_map, "timespan");
        TimeSpan most = EventCountReader.LongestWindow;
        if (!Duration.TryParse(text ?? "", out TimeSpan over) || over < TimeSpan.FromSeconds(1))
            Fault(SigmaReason.Broken, "timespan", $"correlation.timespan is '{text}'; it must be a time such as 30s, 5m, 1h or 7d");
        else if (over > most)
            Fault(SigmaReason.Correlation, "timespan", $"correlation.timespan is {text}; at most {Duration.Format(most)} is kept");
        return over;
    }

    private (string? Distinct, Bounds? Bounds) ReadCondition(bool isDistinct, List<SigmaDocument> rules)
    {
        if (_map["condition"] is not YamlMap condition)
        {
            Fault(SigmaReason.Broken, "condition", "correlation.condition must be a mapping such as { gte: 10 }");
            return default;
        }
        List<KeyValuePair<YamlText, YamlValue>> limits = [.. condition.Entries.Where(e => e.Key.Text != "field")];
        string? distinct = null;
        if (isDistinct && condition["field"] is YamlText { IsNull: false } field)
            distinct = FieldOf(field, rules);
        else if (isDistinct)
            Fault(SigmaReason.Broken, "condition", "value_count needs condition.field: whose different values are counted");
        return (distinct, ReadLimit(limits, isDistinct)?.Bounds);
    }

    private SigmaLimit? ReadLimit(List<KeyValuePair<YamlText, YamlValue>> limits, bool isDistinct)
    {
        string allowed = string.Join(", ", SigmaLimit.Operators);
        if (limits.Count != 1)
        {
            bool isRange = limits.Count > 1 && limits.TrueForAll(l => SigmaLimit.Operators.Contains(l.Key.Text));
            Fault(isRange ? SigmaReason.Correlation : SigmaReason.Broken, "condition",
                $"correlation.condition needs one of {allowed}, and no second");
            return null;
        }
        (YamlText key, YamlValue value) = limits[0];
        if (!SigmaLimit.Operators.Contains(key.Text) || value is not YamlText text
            || !long.TryParse(text.Text, NumberStyles.None, CultureInfo.InvariantCulture, out long number))
        {
            _faults.Add(SigmaReason.Broken, key, $"correlation.condition must be one of {allowed} with a whole number");
            return null;
        }
        var limit = new SigmaLimit(key.Text, number);
        // All events together are counted also where there are none.
        var counts = CountRange.Of(isDistinct, SigmaDocument.TextsOf(_map["group-by"]).Any());
        if (limit.Refusal(counts) is not var (reason, message))
            return limit;
        _faults.Add(reason, key, $"correlation.condition {message}");
        return null;
    }

    /// <summary>The field of events that a name, or an alias, stands for in all of the rules.</summary>
    private string? FieldOf(YamlText name, List<SigmaDocument> rules)
    {
        var alias = (_map["aliases"] as YamlMap)?[name.Text] as YamlMap;
        string? field = null;
        foreach (SigmaDocument rule in rules)
        {
            string asked = alias is null ? name.Text : SigmaDocument.TextOf(alias, rule.Name) ?? SigmaDocument.TextOf(alias, rule.Id) ?? "";
            string? own = sources[rule].Find(asked)?.Name;
            if (own is null)
                _faults.Add(SigmaReason.Field, name, $"events of {sources[rule].Name} have no field {asked} that could be counted by");
            else if (field is not null && field != own)
            {
                string message = $"{name.Text} is {field} in one rule and {own} in another, which is not supported";
                _faults.Add(SigmaReason.Correlation, name, message);
            }
            field ??= own;
        }
        return field;
    }

    private void Fault(SigmaReason reason, string key, string message) => _faults.Add(reason, _map[key] ?? _map, message);
}
