using Metrics.Text;

namespace Metrics.Rules.Sigma;

/// <summary>Reads what a rule asks of an event.</summary>
internal static class SigmaRule
{
    private static readonly string[] s_logsource = ["category", "product", "service"];

    /// <summary>Stands for logs that are not read, so that everything else that is wrong is said too.</summary>
    private static readonly SigmaSource s_unknown = new("", _ => false) { Other = SigmaField.Of };

    /// <summary>Reads a rule; what is wrong is added to its faults.</summary>
    /// <returns>What it asks; null where it says nothing that can be read.</returns>
    public static SigmaDetection? Read(SigmaDocument rule)
    {
        SigmaSource source = ReadSource(rule) ?? s_unknown;
        if (rule.Detection is not { } detection)
        {
            if (rule.Faults.All.Count == 0)
                rule.Faults.Add(SigmaReason.Broken, rule.Content, "detection is required");
            return null;
        }
        if (detection["timeframe"] is { } timeframe)
        {
            const string Aggregation = "timeframe belongs to aggregations, which Sigma 2 has no more: write a correlation rule";
            rule.Faults.Add(SigmaReason.Condition, timeframe, Aggregation);
        }
        List<string> names = [.. detection.Entries.Select(e => e.Key.Text).Where(k => k is not ("condition" or "timeframe"))];
        var selections = new SigmaSelections(source, rule.Faults);
        var read = new Dictionary<string, Predicate<SigmaEvent>>();
        List<YamlText> conditions = [.. SigmaDocument.TextsOf(detection["condition"])];
        if (conditions.Count == 0)
            rule.Faults.Add(SigmaReason.Broken, detection["condition"] ?? detection, "detection.condition is required");
        List<Predicate<SigmaEvent>> any =
            [.. conditions.Select(c => SigmaCondition.Read(c, names, Selection, rule.Faults)).OfType<Predicate<SigmaEvent>>()];
        return any.Count == 0 ? null : new SigmaDetection(source, SigmaLogic.Any(any));

        Predicate<SigmaEvent> Selection(string name)
        {
            if (!read.TryGetValue(name, out Predicate<SigmaEvent>? selection))
                read.Add(name, selection = selections.Read(name, detection[name]!));
            return selection;
        }
    }

    /// <summary>Which logs it is about, as people read it: <c>linux auditd</c>.</summary>
    public static string LogsourceOf(SigmaDocument rule) => rule.Logsource is { } logs
        ? string.Join(' ', s_logsource.Select(k => SigmaDocument.TextOf(logs, k)).OfType<string>()) : "";

    private static SigmaSource? ReadSource(SigmaDocument rule)
    {
        if (rule.Logsource is not { } logs)
        {
            if (rule.Faults.All.Count == 0)
                rule.Faults.Add(SigmaReason.Broken, rule.Content, "logsource is required");
            return null;
        }
        string?[] parts = [.. s_logsource.Select(k => SigmaDocument.TextOf(logs, k)?.ToLowerInvariant())];
        if (Array.TrueForAll(parts, p => p is null))
            rule.Faults.Add(SigmaReason.Broken, logs, "logsource needs category, product or service");
        else if (SigmaSources.Find(parts[0], parts[1], parts[2]) is { } source)
            return source;
        else
            rule.Faults.Add(SigmaReason.Logsource, logs, $"metricsd reads no logs of {LogsourceOf(rule)}");
        return null;
    }
}
