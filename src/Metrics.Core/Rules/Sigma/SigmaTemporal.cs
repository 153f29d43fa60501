using System.Globalization;
using Metrics.Model;
using Metrics.Rules.Conditions;
using Metrics.Text;

namespace Metrics.Rules.Sigma;

/// <summary>Reads what is ours alone of the correlations <c>temporal</c> and <c>temporal_ordered</c>: the steps of a sequence.</summary>
/// <param name="document">The correlation.</param>
/// <param name="sources">The logs of the rules that are loaded.</param>
/// <param name="counts">The correlations that count, and are loaded.</param>
internal sealed class SigmaTemporal(
    SigmaDocument document, IReadOnlyDictionary<SigmaDocument, SigmaSource> sources, IReadOnlyDictionary<SigmaDocument, SigmaCount> counts)
{
    private readonly YamlMap _map = document.Correlation!;
    private readonly SigmaFaults _faults = document.Faults;
    private readonly SigmaNames _names = new(document.Correlation!, document.Faults, sources);

    /// <summary>Reads the steps.</summary>
    /// <param name="refers">What it refers to.</param>
    /// <param name="over">The window.</param>
    /// <param name="isOrdered">Whether they come in the order of the steps.</param>
    public SigmaSequence Read(IReadOnlyList<SigmaDocument> refers, TimeSpan over, bool isOrdered)
    {
        if (refers.GroupBy(r => r).FirstOrDefault(r => r.Count() > 1) is { Key: var twice })
            Fault(SigmaReason.Broken, "rules", $"correlation.rules names '{twice.Reference}' twice");
        if (refers.Count > SequenceReader.MaxSteps)
            Fault(SigmaReason.Correlation, "rules", $"has {refers.Count} rules; at most {SequenceReader.MaxSteps} can follow each other");
        List<YamlText> names = [.. SigmaDocument.TextsOf(_map["group-by"])];
        List<SigmaStep> steps = [.. refers.Select(r => ReadStep(r, names))];
        return _faults.All.Count > 0
            ? new SigmaSequence(refers, over, [], steps, isOrdered)
            : Grouped(new SigmaSequence(refers, over, [.. names.Select(n => n.Text)], steps, isOrdered));
    }

    private SigmaStep ReadStep(SigmaDocument rule, List<YamlText> names)
    {
        if (!counts.TryGetValue(rule, out SigmaCount? count))
            return new SigmaStep([rule], [.. names.Select(n => _names.FieldOf(n, rule) ?? "")], 1, null);
        var inner = new SigmaNames(rule.Correlation!, _faults, sources);
        var fields = new List<string>();
        foreach (YamlText name in names)
        {
            if (_names.AskedOf(name, rule) is { } asked)
                fields.Add(inner.FieldOf(new YamlText { Line = name.Line, Column = name.Column, Text = asked }, count.Rules) ?? "");
        }
        if (_faults.All.Count == 0 && !fields.ToHashSet().SetEquals(count.GroupBy))
        {
            Fault(SigmaReason.Correlation, "group-by",
                $"'{rule.Reference}' counts {By(count.GroupBy)}, and this correlation goes {By(fields)}, which must be the same");
        }
        return Counted(rule, count, fields);
    }

    /// <summary>The step that another correlation is: the event with which there are enough.</summary>
    private SigmaStep Counted(SigmaDocument rule, SigmaCount count, List<string> fields)
    {
        long least = count.Limit is { Operator: "gte" or "gt" } limit ? limit.Number + (limit.Operator == "gt" ? 1 : 0) : 0;
        if (count.Distinct is not null || least is < 1 or > SequenceReader.MaxCount)
        {
            Fault(SigmaReason.Correlation, "rules", $"'{rule.Reference}' is a correlation; in another one it must be an event_count "
                + $"with gte or gt, of at most {SequenceReader.MaxCount} events");
        }
        return new SigmaStep(count.Rules, fields, (int)Math.Clamp(least, 1, SequenceReader.MaxCount), least > 1 ? count.Over : null);
    }

    /// <summary>Fields that are the same in every step are one, and are called as they are; others by their alias.</summary>
    private SigmaSequence Grouped(SigmaSequence read)
    {
        List<(string Name, string[] Fields)> groups = [];
        for (int i = 0; i < read.GroupBy.Count; i++)
        {
            string[] fields = [.. read.Steps.Select(s => s.Fields[i])];
            if (!groups.Exists(g => g.Fields.SequenceEqual(fields)))
                groups.Add((fields.Distinct().Count() == 1 ? fields[0] : read.GroupBy[i], fields));
        }
        foreach (string alias in groups.Where(g => g.Fields.Distinct().Count() > 1).Select(g => g.Name))
            CheckLabel(alias);
        if (groups.Exists(g => g.Fields.Contains(EventFields.Body)))
            Fault(SigmaReason.Correlation, "group-by", "events cannot be put together by their text: nearly every one is another");
        if (EventCountReader.OfOneLabel(groups.Select(g => g.Name)) is { } same)
            Fault(SigmaReason.Correlation, "group-by", $"{string.Join(" and ", same)} are one label of alerts, {same.Key}; name but one");
        return read with
        {
            GroupBy = [.. groups.Select(g => g.Name)],
            Steps = [.. read.Steps.Select((s, i) => s with { Fields = [.. groups.Select(g => g.Fields[i])] })],
        };
    }

    /// <summary>An alias comes out of the file, and is a label of alerts.</summary>
    private void CheckLabel(string alias)
    {
        string label = EventFields.LabelName(alias);
        if (!Labels.IsPlainLabelName(label) || label.StartsWith("__", StringComparison.Ordinal))
        {
            Fault(SigmaReason.Broken, "group-by",
                $"the alias '{alias}' is to be a label of alerts, which has letters, digits and underscores, and begins with no digit");
        }
        else if (label == "alertname" || SigmaAlerts.OwnLabels.Contains(label))
        {
            Fault(SigmaReason.Broken, "group-by", $"the alias '{alias}' is to be a label of alerts, and they have another of that name; "
                + $"alertname, {string.Join(", ", SigmaAlerts.OwnLabels)} are taken");
        }
    }

    /// <summary>A condition may say what is so without it: that all of the rules have events.</summary>
    public void CheckCondition(IReadOnlyList<SigmaDocument> refers, Func<string, SigmaDocument?> find)
    {
        switch (_map["condition"])
        {
            case null or YamlText { IsNull: true }:
                return;
            case YamlMap { Entries: [var (key, value)] } when SigmaLimit.Read(key, value) is { } limit:
                CheckNumber(limit, refers.Count, key);
                return;
            case YamlText text:
                CheckText(text, refers, find);
                return;
            default:
                Fault(SigmaReason.Broken, "condition",
                    $"correlation.condition must be one of {string.Join(", ", SigmaLimit.Operators)} with a whole number of rules, "
                    + "or their names, joined by 'and'");
                return;
        }
    }

    private void CheckNumber(SigmaLimit limit, int rules, YamlText at)
    {
        bool isAll = limit.Operator switch
        {
            "gte" or "eq" => limit.Number == rules,
            "gt" => limit.Number == rules - 1,
            _ => false,
        };
        if (!isAll)
        {
            _faults.Add(SigmaReason.Correlation, at, string.Create(CultureInfo.InvariantCulture,
                $"correlation.condition {limit.Operator}: {limit.Number} is not supported: all of its rules ({rules}) must have events"));
        }
    }

    private void CheckText(YamlText text, IReadOnlyList<SigmaDocument> refers, Func<string, SigmaDocument?> find)
    {
        string[] words = text.Text.Replace('(', ' ').Replace(')', ' ').Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        string[] names = [.. words.Where((_, i) => i % 2 == 0)], between = [.. words.Where((_, i) => i % 2 == 1)];
        bool isAll = Array.TrueForAll(between, w => w.Equals("and", StringComparison.OrdinalIgnoreCase))
            && names.Length == between.Length + 1 && names.Select(find).ToHashSet().SetEquals(refers);
        if (!isAll)
        {
            const string Other = "correlation.condition is supported as far as it names all of the rules, joined by 'and'";
            _faults.Add(SigmaReason.Correlation, text, Other);
        }
    }

    private static string By(IReadOnlyCollection<string> fields) => fields.Count == 0 ? "all together" : $"by {string.Join(", ", fields)}";

    private void Fault(SigmaReason reason, string key, string message) => _faults.Add(reason, _map[key] ?? _map, message);
}
