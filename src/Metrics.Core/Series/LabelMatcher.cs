using System.Text.RegularExpressions;
using Metrics.Model;

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
    private readonly Regex? _regex;

    /// <param name="name">The label's name.</param>
    /// <param name="kind">The comparison.</param>
    /// <param name="value">The value, or a regular expression that must match the whole value.</param>
    /// <exception cref="ArgumentException">The regular expression is not valid; the message says why.</exception>
    public LabelMatcher(string name, MatchKind kind, string value)
    {
        Name = name;
        Kind = kind;
        Value = value;
        if (kind is MatchKind.Regex or MatchKind.NotRegex)
            _regex = new Regex($@"\A(?:{value})\z", Options);
    }

    /// <summary>Like RE2, which the field uses: time linear in the input, no back-references, the dot matches line feeds too.</summary>
    private const RegexOptions Options = RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | RegexOptions.Singleline;

    /// <summary>The label's name.</summary>
    public string Name { get; }

    /// <summary>The comparison.</summary>
    public MatchKind Kind { get; }

    /// <summary>The value or expression.</summary>
    public string Value { get; }

    /// <summary>Whether a value meets the condition.</summary>
    public bool Matches(string value) => Kind switch
    {
        MatchKind.Equal => value == Value,
        MatchKind.NotEqual => value != Value,
        MatchKind.Regex => _regex!.IsMatch(value),
        _ => !_regex!.IsMatch(value),
    };

    /// <summary>Whether labels meet the condition.</summary>
    public bool Matches(Labels labels) => Matches(labels[Name]);

    /// <inheritdoc />
    public override string ToString()
    {
        string sign = Kind switch { MatchKind.Equal => "=", MatchKind.NotEqual => "!=", MatchKind.Regex => "=~", _ => "!~" };
        string escaped = Value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
        return $"{Name}{sign}\"{escaped}\"";
    }
}
