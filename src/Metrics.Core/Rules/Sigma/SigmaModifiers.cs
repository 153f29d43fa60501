using Metrics.Text;

namespace Metrics.Rules.Sigma;

/// <summary>What stands behind a field's name: <c>CommandLine|windash|contains|all</c>.</summary>
/// <remarks>https://github.com/SigmaHQ/sigma-specification/blob/main/specification/sigma-appendix-modifiers.md</remarks>
internal sealed class SigmaModifiers
{
    private static readonly string[] s_comparisons =
        ["contains", "startswith", "endswith", "re", "cidr", "gt", "gte", "lt", "lte", "exists", "fieldref"];

    private static readonly string[] s_encodings = ["wide", "utf16le", "utf16be", "utf16"];
    private static readonly string[] s_times = ["minute", "hour", "day", "week", "month", "year"];

    private SigmaModifiers(string field, IReadOnlyList<string> changes) => (Field, Changes) = (field, changes);

    /// <summary>The field; empty is the text of the event.</summary>
    public string Field { get; }

    /// <summary>What is done with each value before it is compared, in order: windash, wide, base64 …</summary>
    public IReadOnlyList<string> Changes { get; }

    /// <summary>How it is compared; null is as a whole.</summary>
    public string? Comparison { get; private set; }

    /// <summary>Of contains, startswith and endswith: by the value of another field.</summary>
    public bool IsFieldReference { get; private set; }

    /// <summary>Whether all values must be there, not any of them.</summary>
    public bool All { get; private set; }

    /// <summary>Whether case counts.</summary>
    public bool IsCased { get; private set; }

    /// <summary>Whether it must not be so.</summary>
    public bool IsNegated { get; private set; }

    /// <summary>Flags of a regular expression: i, m, s.</summary>
    public string Flags { get; private set; } = "";

    /// <summary>Reads a key of a selection.</summary>
    /// <returns>The modifiers; null when something is wrong, which is added to the faults.</returns>
    public static SigmaModifiers? Read(YamlText key, SigmaFaults faults)
    {
        string[] words = key.Text.Split('|');
        var changes = new List<string>();
        var read = new SigmaModifiers(words[0], changes);
        foreach (string word in words.AsSpan(1))
        {
            if (word is "windash" or "base64" or "base64offset" || s_encodings.Contains(word))
                changes.Add(word);
            else if (read.Take(word) is { } wrong)
            {
                faults.Add(wrong.Reason, key, $"{key.Text}: {wrong.Message}");
                return null;
            }
        }
        int wide = changes.FindIndex(s_encodings.Contains);
        if (wide >= 0 && (wide + 1 == changes.Count || changes[wide + 1] is not ("base64" or "base64offset")))
        {
            faults.Add(SigmaReason.Modifier, key, $"{key.Text}: {changes[wide]} needs base64 or base64offset behind it: texts are UTF-8");
            return null;
        }
        if (changes.Count > 0 && read.Comparison is not (null or "contains" or "startswith" or "endswith"))
        {
            faults.Add(SigmaReason.Broken, key, $"{key.Text}: {changes[0]} is for texts, not for {read.Comparison}");
            return null;
        }
        return read;
    }

    /// <summary>Takes one modifier in.</summary>
    /// <returns>Why it cannot stand there; null when it can.</returns>
    private (SigmaReason Reason, string Message)? Take(string word)
    {
        switch (word)
        {
            case "all":
                All = true;
                return null;
            case "cased":
                IsCased = true;
                return null;
            case "neq":
                IsNegated = true;
                return null;
            case "i" or "m" or "s" or "ignorecase" or "multiline" or "dotall" when Comparison == "re":
                Flags += word switch { "ignorecase" => 'i', "multiline" => 'm', "dotall" => 's', _ => word[0] };
                return null;
            case "expand":
                return (SigmaReason.Modifier, "expand takes values for %placeholders% from a table, and there is none to write them in");
            case var _ when s_times.Contains(word):
                return (SigmaReason.Modifier, $"{word} takes a part of a time, which is not supported");
            case "fieldref" when Comparison is "contains" or "startswith" or "endswith":
            case "contains" or "startswith" or "endswith" when IsFieldReference && Comparison is null or "fieldref":
                (IsFieldReference, Comparison) = (true, word == "fieldref" ? Comparison : word);
                return null;
            case var _ when !s_comparisons.Contains(word):
                string? near = Spelling.Nearest(word, s_comparisons);
                return (SigmaReason.Modifier, $"'{word}' is not a known modifier{(near is null ? "" : $"; did you mean '{near}'?")}");
            case var _ when Comparison is not null:
                return (SigmaReason.Broken, $"{Comparison} and {word} cannot stand together");
            default:
                (Comparison, IsFieldReference) = (word, word == "fieldref");
                return null;
        }
    }
}
