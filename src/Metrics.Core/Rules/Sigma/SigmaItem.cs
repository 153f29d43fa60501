using Metrics.Text;

namespace Metrics.Rules.Sigma;

/// <summary>Reads what one key of a selection asks of its field.</summary>
/// <param name="key">The key.</param>
/// <param name="modifiers">How values are compared.</param>
/// <param name="field">The field.</param>
/// <param name="faults">Added to.</param>
internal sealed class SigmaItem(YamlText key, SigmaModifiers modifiers, SigmaField field, SigmaFaults faults)
{
    /// <summary>Finds another field, or reports that it is not there.</summary>
    public required Func<string, SigmaField?> FieldOf { get; init; }

    /// <summary>Reads the values; any will do, unless all are asked for.</summary>
    public Predicate<SigmaEvent> Read(IReadOnlyList<YamlText> values)
    {
        if (modifiers.All || modifiers.IsFieldReference || modifiers.Comparison == "exists" || values.Any(IsAbsence))
        {
            List<Predicate<SigmaEvent>> each = [.. values.Select(ReadOne)];
            return modifiers.All ? SigmaLogic.All(each) : SigmaLogic.Any(each);
        }
        Predicate<string> test = Test(values);
        return e => field.Any(e, test);
    }

    private bool IsAbsence(YamlText value) => value.IsNull || (value.Text.Length == 0 && modifiers.Comparison is null);

    private Predicate<SigmaEvent> ReadOne(YamlText value)
    {
        if (modifiers.Comparison == "exists")
            return ReadExists(value);
        if (modifiers.IsFieldReference)
            return ReadReference(value);
        // An event holds no empty values: a field that says nothing is not there.
        if (IsAbsence(value))
            return e => !field.Any(e, _ => true);
        Predicate<string> test = Test([value]);
        return e => field.Any(e, test);
    }

    private Predicate<SigmaEvent> ReadExists(YamlText value)
    {
        bool isMeant = value.Text.Equals("true", StringComparison.OrdinalIgnoreCase);
        if (!isMeant && !value.Text.Equals("false", StringComparison.OrdinalIgnoreCase))
            Report(value, $"is '{value.Text}'; allowed are true and false");
        return e => field.Any(e, _ => true) == isMeant;
    }

    private Predicate<SigmaEvent> ReadReference(YamlText value)
    {
        if (FieldOf(value.Text) is not { } other)
            return _ => false;
        StringComparison comparison = modifiers.IsCased ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase;
        Func<string, string, bool> compare = modifiers.Comparison switch
        {
            "contains" => (v, o) => v.Contains(o, comparison),
            "startswith" => (v, o) => v.StartsWith(o, comparison),
            "endswith" => (v, o) => v.EndsWith(o, comparison),
            _ => (v, o) => v.Equals(o, comparison),
        };
        return e => field.Any(e, v => other.Any(e, o => compare(v, o)));
    }

    private Predicate<string> Test(IReadOnlyList<YamlText> values)
    {
        if (modifiers.Comparison is null or "contains" or "startswith" or "endswith")
            return SigmaComparisons.AnyOf([.. values.SelectMany(Patterns)], modifiers.IsCased);
        Predicate<string>[] tests = [.. values.Select(Compared)];
        return tests is [var only] ? only : v => Array.Exists(tests, t => t(v));
    }

    private IEnumerable<SigmaPattern> Patterns(YamlText value)
    {
        IReadOnlyList<string> made = SigmaEncoding.Values(value.Text, modifiers.Changes, out string? error);
        if (error is not null)
            Report(value, error);
        bool contains = modifiers.Comparison == "contains";
        return made.Select(v => SigmaPattern.Read(
            v, contains || modifiers.Comparison == "endswith", contains || modifiers.Comparison == "startswith", modifiers.IsCased));
    }

    private Predicate<string> Compared(YamlText value)
    {
        (SigmaReason Reason, string Message)? wrong = null;
        Predicate<string>? test = modifiers.Comparison switch
        {
            "re" => SigmaComparisons.Regex(value.Text, modifiers.Flags, out wrong),
            "cidr" => SigmaComparisons.Network(value.Text),
            _ => SigmaComparisons.Number(modifiers.Comparison!, value.Text),
        };
        if (test is not null)
            return test;
        (SigmaReason reason, string message) = wrong ?? (SigmaReason.Broken, modifiers.Comparison == "cidr"
            ? $"is '{value.Text}'; it must be a network such as 192.0.2.0/24" : $"is '{value.Text}'; it must be a number");
        Report(value, message, reason);
        return _ => false;
    }

    private void Report(YamlText value, string what, SigmaReason reason = SigmaReason.Broken) =>
        faults.Add(reason, value, $"{key.Text} {what}");
}
