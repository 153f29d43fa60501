using System.Globalization;

namespace Metrics.Model;

/// <summary>
/// What tells rules apart, over reloads and restarts: file, group and name, and which one where a name is there twice. Stored and shown as
/// <c>FILE;GROUP;NAME</c> or <c>FILE;GROUP;NAME#2</c>; two are equal when these texts are.
/// </summary>
public sealed class RuleId : IEquatable<RuleId>
{
    /// <summary>What stands where a rule of ours has file and group.</summary>
    private const string Others = "(sent)";

    private const string OthersPrefix = $"{Others};{Others};";

    private readonly string _text;
    private readonly int _hash;

    /// <param name="file">Name of the rule's file, without its folder.</param>
    /// <param name="group">Name of its group.</param>
    /// <param name="name">Its own name.</param>
    /// <param name="ordinal">Which of the rules of this name in the group, from 1.</param>
    public RuleId(string file, string group, string name, int ordinal = 1)
        : this(file, group, name, ordinal, Write(file, group, name, ordinal))
    {
    }

    private RuleId(string file, string group, string name, int ordinal, string text) =>
        (File, Group, Name, Ordinal, _text, _hash) = (file, group, name, ordinal, text, text.GetHashCode(StringComparison.Ordinal));

    /// <summary>Name of the rule's file, without its folder.</summary>
    public string File { get; }

    /// <summary>Name of its group.</summary>
    public string Group { get; }

    /// <summary>Its own name.</summary>
    public string Name { get; }

    /// <summary>Which of the rules of this name in the group, from 1.</summary>
    public int Ordinal { get; }

    /// <summary>Whether the alert was judged by others, who have sent it; there is no such rule here.</summary>
    public bool IsOfOthers => File == Others && Group == Others;

    /// <summary>What stands for the rule of an alert that others have judged.</summary>
    /// <param name="alertName">The alert's label <c>alertname</c>; empty without.</param>
    public static RuleId OfOthers(string alertName) => new(Others, Others, alertName);

    /// <summary>Reads the stored form. A text that is not of this form is a name alone: nothing that was stored is refused.</summary>
    public static RuleId Parse(string text)
    {
        if (text.StartsWith(OthersPrefix, StringComparison.Ordinal))
            return OfOthers(text[OthersPrefix.Length..]);
        int first = text.IndexOf(';', StringComparison.Ordinal), last = text.LastIndexOf(';');
        string name = text[(last + 1)..];
        int sign = name.LastIndexOf('#'), ordinal = 1;
        if (sign > 0 && int.TryParse(name.AsSpan(sign + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number > 1)
            (name, ordinal) = (name[..sign], number);
        return first == last ? new RuleId("", "", name, ordinal, text)
            : new RuleId(text[..first], text[(first + 1)..last], name, ordinal, text);
    }

    /// <inheritdoc />
    public bool Equals(RuleId? other) => ReferenceEquals(this, other) || (other is not null && _text == other._text);

    /// <summary>Whether two name the same rule.</summary>
    public static bool operator ==(RuleId? one, RuleId? other) => one is null ? other is null : one.Equals(other);

    /// <summary>Whether two name different rules.</summary>
    public static bool operator !=(RuleId? one, RuleId? other) => !(one == other);

    /// <inheritdoc />
    public override bool Equals(object? obj) => Equals(obj as RuleId);

    /// <inheritdoc />
    public override int GetHashCode() => _hash;

    /// <summary>The stored form.</summary>
    public override string ToString() => _text;

    private static string Write(string file, string group, string name, int ordinal) =>
        ordinal > 1 ? string.Create(CultureInfo.InvariantCulture, $"{file};{group};{name}#{ordinal}") : $"{file};{group};{name}";
}
