using Metrics.Model;
using Metrics.Rules.Conditions;
using Metrics.Text;

namespace Metrics.Rules.Sigma;

/// <summary>Reads a correlation of events: how many of them, how many different values, or events of all rules, in a time.</summary>
/// <remarks>https://github.com/SigmaHQ/sigma-specification/blob/main/specification/sigma-correlation-rules-specification.md</remarks>
/// <param name="document">The correlation.</param>
/// <param name="find">Finds a rule by name or id.</param>
/// <param name="sources">The logs of the rules that are loaded.</param>
/// <param name="counts">The correlations that count, and are loaded; to these <c>temporal</c> may refer.</param>
internal sealed class SigmaCorrelation(
    SigmaDocument document, Func<string, SigmaDocument?> find, IReadOnlyDictionary<SigmaDocument, SigmaSource> sources,
    IReadOnlyDictionary<SigmaDocument, SigmaCount> counts)
{
    private static readonly string[] s_notYet = ["value_sum", "value_avg", "value_percentile", "value_median"];

    private readonly YamlMap _map = document.Correlation!;
    private readonly SigmaFaults _faults = document.Faults;
    private readonly SigmaNames _names = new(document.Correlation!, document.Faults, sources);

    /// <summary>The rules that a correlation refers to, by name or id.</summary>
    public static IEnumerable<YamlText> References(SigmaDocument document) =>
        document.Correlation is { } map ? SigmaDocument.TextsOf(map["rules"]) : [];

    /// <summary>Whether the rules that it refers to raise alerts of their own too.</summary>
    public static bool KeepsRules(SigmaDocument document) => document.Correlation is { } map
        && SigmaDocument.TextOf(map, "generate")?.Equals("true", StringComparison.OrdinalIgnoreCase) == true;

    /// <summary>Whether it asks for events of all rules, which may be correlations that count.</summary>
    public static bool IsTemporal(SigmaDocument document) =>
        document.Correlation is { } map && SigmaDocument.TextOf(map, "type") is "temporal" or "temporal_ordered";

    /// <summary>Reads it; null when something is wrong, which is added to its faults.</summary>
    public SigmaCorrelated? Read()
    {
        string? type = SigmaDocument.TextOf(_map, "type");
        bool isTemporal = IsTemporal(document);
        if (s_notYet.Contains(type))
            Fault(SigmaReason.Correlation, "type", $"{type} is not supported");
        else if (!isTemporal && type is not ("event_count" or "value_count"))
            Fault(SigmaReason.Broken, "type",
                $"correlation.type is '{type}'; allowed are event_count, value_count, temporal and temporal_ordered");
        List<SigmaDocument> rules = ReadRules(isTemporal);
        TimeSpan over = ReadTimespan();
        SigmaCorrelated? read = isTemporal
            ? ReadSequence(rules, over, type == "temporal_ordered") : ReadCount(rules, over, type == "value_count");
        return _faults.All.Count > 0 ? null : read;
    }

    private SigmaSequence ReadSequence(List<SigmaDocument> rules, TimeSpan over, bool isOrdered)
    {
        var temporal = new SigmaTemporal(document, sources, counts);
        temporal.CheckCondition([.. References(document).Select(r => find(r.Text)).OfType<SigmaDocument>()], find);
        return temporal.Read(rules, over, isOrdered);
    }

    private SigmaCount? ReadCount(List<SigmaDocument> rules, TimeSpan over, bool isDistinct)
    {
        List<string> groupBy = ReadGroupBy(rules);
        (string? distinct, SigmaLimit? limit) = ReadCondition(isDistinct, rules);
        return limit is null ? null : new SigmaCount(rules, over, groupBy, distinct, limit.Value);
    }

    private List<string> ReadGroupBy(List<SigmaDocument> rules)
    {
        List<string> fields =
            [.. SigmaDocument.TextsOf(_map["group-by"]).Select(f => _names.FieldOf(f, rules)).OfType<string>().Distinct()];
        if (fields.Contains(EventFields.Body))
            Fault(SigmaReason.Correlation, "group-by", "events cannot be counted by their text: nearly every one is another");
        if (EventCountReader.OfOneLabel(fields) is { } same)
            Fault(SigmaReason.Correlation, "group-by", $"{string.Join(" and ", same)} are one label of alerts, {same.Key}; name but one");
        return fields;
    }

    private List<SigmaDocument> ReadRules(bool isTemporal)
    {
        var rules = new List<SigmaDocument>();
        foreach (YamlText reference in References(document))
        {
            if (find(reference.Text) is not { } rule)
                _faults.Add(SigmaReason.Broken, reference, $"there is no rule of the name or id '{reference.Text}'");
            else if (isTemporal && counts.ContainsKey(rule))
                rules.Add(rule);
            else if (rule.IsCorrelation && (!isTemporal || IsTemporal(rule)))
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

    private (string? Distinct, SigmaLimit? Limit) ReadCondition(bool isDistinct, List<SigmaDocument> rules)
    {
        if (_map["condition"] is not YamlMap condition)
        {
            Fault(SigmaReason.Broken, "condition", "correlation.condition must be a mapping such as { gte: 10 }");
            return default;
        }
        List<KeyValuePair<YamlText, YamlValue>> limits = [.. condition.Entries.Where(e => e.Key.Text != "field")];
        string? distinct = null;
        if (isDistinct && condition["field"] is YamlText { IsNull: false } field)
            distinct = _names.FieldOf(field, rules);
        else if (isDistinct)
            Fault(SigmaReason.Broken, "condition", "value_count needs condition.field: whose different values are counted");
        return (distinct, ReadLimit(limits, isDistinct));
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
        if (SigmaLimit.Read(key, value) is not { } limit)
        {
            _faults.Add(SigmaReason.Broken, key, $"correlation.condition must be one of {allowed} with a whole number");
            return null;
        }
        // All events together are counted also where there are none.
        var counts = CountRange.Of(isDistinct, SigmaDocument.TextsOf(_map["group-by"]).Any());
        if (limit.Refusal(counts) is not var (reason, message))
            return limit;
        _faults.Add(reason, key, $"correlation.condition {message}");
        return null;
    }

    private void Fault(SigmaReason reason, string key, string message) => _faults.Add(reason, _map[key] ?? _map, message);
}
