using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Metrics.Text;

/// <summary>
/// A regular expression in RE2's syntax, which the whole field uses, on .NET's linear-time engine: what RE2 writes differently is
/// translated, what RE2 lacks (look-around, back-references) is refused. By default it matches a whole value, and the dot
/// matches line feeds too.
/// Immutable.
/// </summary>
/// <remarks>https://github.com/google/re2/wiki/Syntax</remarks>
public sealed class Re2
{
    private const RegexOptions Options = RegexOptions.NonBacktracking | RegexOptions.CultureInvariant;

    private readonly string _pattern;
    private readonly Regex _regex;
    private readonly List<string?> _groupNames = [null];

    /// <param name="pattern">The expression.</param>
    /// <param name="whole">Whether it must match the whole value; default true.</param>
    /// <param name="dotAll">Whether the dot matches line feeds, as it does in matchers and relabelling; default true.</param>
    /// <exception cref="ArgumentException">It is not valid; the message says why.</exception>
    public Re2(string pattern, bool whole = true, bool dotAll = true)
    {
        _pattern = pattern;
        try
        {
            string translated = Translate(pattern);
            _regex = new Regex(
                whole ? $@"\A(?:{translated})\z" : translated, dotAll ? Options | RegexOptions.Singleline : Options);
        }
        catch (NotSupportedException)
        {
            throw new ArgumentException("look-around, back-references, atomic groups and conditions are not part of RE2");
        }
        catch (RegexParseException e)
        {
            int reason = e.Message.LastIndexOf(" at offset ", StringComparison.Ordinal) + 1;
            throw new ArgumentException($"'{pattern}': {e.Message[reason..]}");
        }
    }

    /// <summary>Whether a value matches.</summary>
    public bool IsMatch(string value) => _regex.IsMatch(value);

    /// <summary>A template with the groups of a match put in; null when the value does not match.</summary>
    /// <param name="value">The value.</param>
    /// <param name="template"><c>$1</c>, <c>${1}</c>, <c>$name</c> and <c>${name}</c> are groups, <c>$$</c> is a dollar; an unknown group
    /// is empty.</param>
    public string? Expand(string value, string template)
    {
        Match match = _regex.Match(value);
        return match.Success ? Expand(match, template) : null;
    }

    /// <summary>The value with every match replaced by the expanded template.</summary>
    public string Replace(string value, string template) => _regex.Replace(value, match => Expand(match, template));

    /// <summary>The expression as it was given.</summary>
    public override string ToString() => _pattern;

    private string Expand(Match match, string template)
    {
        if (!template.Contains('$', StringComparison.Ordinal))
            return template;
        var text = new StringBuilder();
        for (int i = 0; i < template.Length; i++)
        {
            if (template[i] != '$' || i + 1 == template.Length)
            {
                text.Append(template[i]);
                continue;
            }
            if (template[i + 1] == '$')
            {
                text.Append('$');
                i++;
                continue;
            }
            bool braced = template[i + 1] == '{';
            int start = i + (braced ? 2 : 1);
            int end = start;
            while (end < template.Length && (char.IsLetterOrDigit(template[end]) || template[end] == '_'))
                end++;
            if (end == start || (braced && (end == template.Length || template[end] != '}')))
            {
                text.Append('$');
                continue;
            }
            string name = template[start..end];
            bool isNumber = int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int number);
            int group = isNumber ? number : _groupNames.IndexOf(name);
            text.Append(group >= 0 ? match.Groups[group].Value : "");
            i = braced ? end : end - 1;
        }
        return text.ToString();
    }

    private static readonly Dictionary<string, string> s_posixClasses = new()
    {
        ["alnum"] = "0-9A-Za-z",
        ["alpha"] = "A-Za-z",
        ["ascii"] = @"\x00-\x7F",
        ["blank"] = @"\t ",
        ["cntrl"] = @"\x00-\x1F\x7F",
        ["digit"] = "0-9",
        ["graph"] = "!-~",
        ["lower"] = "a-z",
        ["print"] = " -~",
        ["punct"] = @"!-/:-@\[-`{-~",
        ["space"] = @"\t\n\v\f\r ",
        ["upper"] = "A-Z",
        ["word"] = "0-9A-Za-z_",
        ["xdigit"] = "0-9A-Fa-f",
    };

    private string Translate(string pattern)
    {
        if (pattern.AsSpan().IndexOfAny(@"\$[(") < 0)
            return pattern;
        var text = new StringBuilder(pattern.Length + 16);
        bool inClass = false;
        for (int i = 0; i < pattern.Length; i++)
        {
            char c = pattern[i];
            ReadOnlySpan<char> rest = pattern.AsSpan(i);
            if (c == '\\' && i + 1 < pattern.Length)
            {
                i += AppendEscape(text, pattern, i, inClass) - 1;
            }
            else if (inClass
                && rest.StartsWith("[:")
                && rest.IndexOf(":]") is > 2 and var end
                && s_posixClasses.TryGetValue(rest[2..end].ToString(), out string? set))
            {
                text.Append(set);
                i += end + 1;
            }
            else if (inClass && c == '[')
            {
                text.Append(@"\[");
            }
            else if (inClass && c == '-' && rest.StartsWith("-["))
            {
                // .NET would take it for a subtraction of classes.
                text.Append(@"\-");
            }
            else if (!inClass && c == '(' && NamedGroup(rest) is { } name)
            {
                // .NET numbers named groups behind the others; RE2 numbers all in order.
                _groupNames.Add(name);
                text.Append('(');
                i += rest.IndexOf('>');
            }
            else if (!inClass && c == '$')
            {
                // Without the flag m the end of the text only; .NET's $ would also match before a last line feed.
                text.Append(@"\z");
            }
            else
            {
                if (c == '[' && !inClass)
                {
                    inClass = true;
                    text.Append(c);
                    if (i + 1 < pattern.Length && pattern[i + 1] == '^')
                        text.Append(pattern[++i]);
                    if (i + 1 < pattern.Length && pattern[i + 1] == ']')
                    {
                        text.Append(@"\]");
                        i++;
                    }
                    continue;
                }
                if (!inClass && c == '(' && !rest.StartsWith("(?"))
                    _groupNames.Add(null);
                inClass &= c != ']';
                text.Append(c);
            }
        }
        return text.ToString();
    }

    private static string? NamedGroup(ReadOnlySpan<char> text)
    {
        int start = text.StartsWith("(?P<") ? 4 : text.StartsWith("(?<") && text.Length > 3 && char.IsLetter(text[3]) ? 3 : 0;
        int end = text.IndexOf('>');
        return start > 0 && end > start ? text[start..end].ToString() : null;
    }

    /// <summary>Translates one escape sequence; returns how many characters it took.</summary>
    private static int AppendEscape(StringBuilder text, string pattern, int at, bool inClass)
    {
        char kind = pattern[at + 1];
        string? ascii = kind switch { 'd' => "0-9", 'w' => "0-9A-Za-z_", 's' => @"\t\n\f\r ", _ => null };
        if (ascii is not null)
        {
            text.Append(inClass ? ascii : $"[{ascii}]");
            return 2;
        }
        string? negated = kind switch { 'D' => "0-9", 'W' => "0-9A-Za-z_", 'S' => @"\t\n\f\r ", _ => null };
        if (negated is not null && !inClass)
        {
            text.Append($"[^{negated}]");
            return 2;
        }
        if (kind == 'Q')
        {
            int end = pattern.IndexOf(@"\E", at + 2, StringComparison.Ordinal);
            string literal = end < 0 ? pattern[(at + 2)..] : pattern[(at + 2)..end];
            text.Append(Regex.Escape(literal));
            return literal.Length + (end < 0 ? 2 : 4);
        }
        if (kind == 'x' && at + 2 < pattern.Length && pattern[at + 2] == '{' && pattern.IndexOf('}', at) is > 0 and var close
            && int.TryParse(pattern.AsSpan(at + 3, close - at - 3), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out int rune)
            && Rune.IsValid(rune))
        {
            text.Append(Regex.Escape(new Rune(rune).ToString()));
            return close - at + 1;
        }
        text.Append('\\').Append(kind);
        return 2;
    }
}
