using System.Buffers;
using System.Text.RegularExpressions;
using Metrics.Model;
using Metrics.Text;
using Metrics.Text.Expressions;

namespace Metrics.Series;

/// <summary>How a label is compared.</summary>
public enum MatchKind
{
    /// <summary><c>=</c></summary>
    Equal,

    /// <summary><c>!=</c></summary>
    NotEqual,

    /// <summary><c>=~</c></summary>
    Regex,

    /// <summary><c>!~</c></summary>
    NotRegex,
}

/// <summary>One condition on a label; a label that a series lacks has the empty value. Immutable.</summary>
/// <remarks>https://prometheus.io/docs/prometheus/latest/querying/basics/#instant-vector-selectors</remarks>
public sealed class LabelMatcher
{
    private readonly Func<string, bool> _matches;

    /// <param name="name">The label's name.</param>
    /// <param name="kind">The comparison.</param>
    /// <param name="value">The value, or a regular expression (RE2's syntax) that must match the whole value.</param>
    /// <exception cref="ArgumentException">The regular expression is not valid; the message says why.</exception>
    public LabelMatcher(string name, MatchKind kind, string value)
        : this(name, kind, value, kind is MatchKind.Regex or MatchKind.NotRegex ? Re2Literals.Read(value) : null)
    {
    }

    private LabelMatcher(string name, MatchKind kind, string value, IReadOnlySet<string>? literals)
    {
        Name = name;
        Kind = kind;
        Value = value;
        Literals = literals;
        _matches = kind switch
        {
            MatchKind.Equal => v => v == value,
            MatchKind.NotEqual => v => v != value,
            MatchKind.Regex => Predicate(value),
            _ => Not(Predicate(value)),
        };
        MatchesEmpty = _matches("");
    }

    /// <summary>The label's name.</summary>
    public string Name { get; }

    /// <summary>The comparison.</summary>
    public MatchKind Kind { get; }

    /// <summary>The value or expression.</summary>
    public string Value { get; }

    /// <summary>Whether series without the label meet the condition.</summary>
    public bool MatchesEmpty { get; }

    /// <summary>The values of a regular expression that is nothing but texts to choose from (<c>a|b|c</c>); null otherwise.</summary>
    internal IReadOnlySet<string>? Literals { get; }

    /// <summary>A label that has one of several values.</summary>
    internal static LabelMatcher AnyOf(string name, IReadOnlySet<string> values) =>
        new(name, MatchKind.Regex, string.Join('|', values.Select(Regex.Escape)), values);

    /// <summary>Whether a value meets the condition.</summary>
    public bool Matches(string value) => _matches(value);

    /// <summary>Whether labels meet the condition.</summary>
    public bool Matches(Labels labels) => _matches(labels[Name]);

    /// <inheritdoc />
    public override string ToString()
    {
        string sign = Kind switch { MatchKind.Equal => "=", MatchKind.NotEqual => "!=", MatchKind.Regex => "=~", _ => "!~" };
        return $"{(Labels.IsPlainLabelName(Name) ? Name : Labels.Quote(Name))}{sign}{Labels.Quote(Value)}";
    }

    private static Func<string, bool> Not(Func<string, bool> predicate) => v => !predicate(v);

    /// <summary>The commonest expressions need no engine.</summary>
    private Func<string, bool> Predicate(string pattern)
    {
        if (Literals is { } literals)
            return literals.Contains;
        if (pattern == ".*")
            return _ => true;
        if (pattern == ".+")
            return v => v.Length > 0;
        if (pattern.EndsWith(".*", StringComparison.Ordinal) && Re2Literals.IsPlain(pattern.AsSpan(0, pattern.Length - 2)))
        {
            string prefix = pattern[..^2];
            return v => v.StartsWith(prefix, StringComparison.Ordinal);
        }
        return new Re2(pattern).IsMatch;
    }
}
