using System.Text;
using Metrics.Formats.PrometheusText;
using Metrics.Series;

namespace Metrics.Routing;

/// <summary>
/// Reads matchers as Alertmanager's files, silences and command line write them: <c>foo="bar"</c>, <c>foo=~bar.*</c>, several with commas
/// between, with or without braces. A value without quotes goes to the next comma.
/// </summary>
/// <remarks>https://prometheus.io/docs/alerting/latest/configuration/#matcher</remarks>
public static class MatcherText
{
    /// <summary>Reads one or more matchers.</summary>
    /// <exception cref="FormatException">The text is no matcher; the message says where and what is allowed.</exception>
    public static IReadOnlyList<LabelMatcher> Parse(string text)
    {
        string inner = text.Trim();
        if (inner.StartsWith('{') != inner.EndsWith('}') && (inner.StartsWith('{') || !inner.Contains('"', StringComparison.Ordinal)))
            throw new FormatException($"'{text}': a brace is open");
        if (inner.StartsWith('{'))
            inner = inner[1..^1];
        var matchers = new List<LabelMatcher>();
        int at = 0;
        while (true)
        {
            SkipSpace(inner, ref at);
            if (at == inner.Length && (matchers.Count > 0 || text.Trim().StartsWith('{')))
                return matchers;
            matchers.Add(One(inner, ref at));
            SkipSpace(inner, ref at);
            if (at == inner.Length)
                return matchers;
            if (inner[at++] != ',')
                throw new FormatException($"'{text}': after a value comes a comma or the end, not '{inner[at - 1]}'");
        }
    }

    /// <summary>A matcher as Alertmanager writes it: <c>foo="bar"</c>.</summary>
    public static string Write(LabelMatcher matcher)
    {
        var text = new StringBuilder();
        if (Model.Labels.IsPlainMetricName(matcher.Name))
            text.Append(matcher.Name);
        else
            text.AppendQuoted(matcher.Name);
        string sign = matcher.Kind switch { MatchKind.Equal => "=", MatchKind.NotEqual => "!=", MatchKind.Regex => "=~", _ => "!~" };
        return text.Append(sign).AppendQuoted(matcher.Value).ToString();
    }

    /// <summary>The longer ones first: = begins two of them.</summary>
    private static readonly (string Sign, MatchKind Kind)[] s_signs =
        [("=~", MatchKind.Regex), ("!~", MatchKind.NotRegex), ("!=", MatchKind.NotEqual), ("=", MatchKind.Equal)];

    private static LabelMatcher One(string text, ref int at)
    {
        string name = at < text.Length && text[at] == '"' ? Quoted(text, ref at) : Plain(text, ref at);
        if (name.Length == 0)
            throw new FormatException($"'{text}': a matcher begins with a label's name, such as severity=\"critical\"");
        SkipSpace(text, ref at);
        MatchKind kind = Sign(text, ref at);
        SkipSpace(text, ref at);
        string value = at < text.Length && text[at] == '"' ? Quoted(text, ref at) : Unquoted(text, ref at);
        try
        {
            return new LabelMatcher(name, kind, value);
        }
        catch (ArgumentException e)
        {
            throw new FormatException($"'{text}': {e.Message}", e);
        }
    }

    private static string Plain(string text, ref int at)
    {
        int start = at;
        while (at < text.Length && (char.IsAsciiLetterOrDigit(text[at]) || text[at] is '_' or ':' or '.'))
        {
            if (at == start && char.IsAsciiDigit(text[at]))
                break;
            at++;
        }
        return text[start..at];
    }

    private static MatchKind Sign(string text, ref int at)
    {
        foreach ((string sign, MatchKind kind) in s_signs)
        {
            if (!text.AsSpan(at).StartsWith(sign, StringComparison.Ordinal))
                continue;
            at += sign.Length;
            return kind;
        }
        throw new FormatException($"'{text}': after a name comes =, !=, =~ or !~");
    }

    private static string Quoted(string text, ref int at)
    {
        var value = new StringBuilder();
        for (at++; at < text.Length; at++)
        {
            if (text[at] == '"')
            {
                at++;
                return value.ToString();
            }
            value.Append(Letter(text, ref at));
        }
        throw new FormatException($"'{text}': a quote is open");
    }

    private static string Unquoted(string text, ref int at)
    {
        var value = new StringBuilder();
        for (; at < text.Length && text[at] != ','; at++)
        {
            if (text[at] == '"')
                throw new FormatException($"'{text}': a quote within a value must be written \\\"");
            value.Append(Letter(text, ref at));
        }
        return value.ToString().TrimEnd();
    }

    /// <summary>The letter at hand, or what a backslash before it means.</summary>
    private static string Letter(string text, ref int at)
    {
        if (text[at] != '\\' || at + 1 == text.Length)
            return text[at].ToString();
        return text[++at] switch
        {
            'n' => "\n",
            '"' => "\"",
            '\\' => "\\",
            // Of a regular expression, as in \d.
            char other => $"\\{other}",
        };
    }

    private static void SkipSpace(string text, ref int at)
    {
        while (at < text.Length && char.IsWhiteSpace(text[at]))
            at++;
    }
}
