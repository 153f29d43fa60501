using System.Buffers;
using System.Text;

namespace Metrics.Rules.Templates;

/// <summary>
/// Encodes values for where they stand in HTML, as Go's <c>html/template</c> does: it follows the text that is written and knows whether it
/// is within an element, an attribute or a script. Comments are left out.
/// </summary>
/// <remarks>https://pkg.go.dev/html/template#hdr-Contexts</remarks>
internal sealed class GoHtml
{
    /// <summary>What stands where a value might do something else than its author meant.</summary>
    private const string Unsafe = "ZgotmplZ";

    private static readonly SearchValues<char> s_ofStyles = SearchValues.Create("\0\"'()/;@[\\]`{}<>");

    private static readonly HashSet<string> s_addresses =
    [
        "action", "archive", "background", "cite", "classid", "codebase", "data", "formaction", "href", "icon", "longdesc", "manifest",
        "poster", "profile", "src", "usemap", "xmlns",
    ];

    private Place _place;
    private char _quote;
    private string _attribute = "";
    private bool _isNameEnded;
    private string _element = "";
    private readonly StringBuilder _word = new();
    private readonly StringBuilder _written = new();

    private enum Place
    {
        Text,
        Comment,
        ElementName,
        Element,
        AttributeName,
        BeforeValue,
        Value,
    }

    /// <summary>What the author of the template wrote.</summary>
    public string Text(string text)
    {
        var output = new StringBuilder(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            if (_place == Place.Comment)
            {
                if (text.AsSpan(i).StartsWith("-->"))
                {
                    _place = Place.Text;
                    i += 2;
                }
                continue;
            }
            if (_place == Place.Text && !IsRaw && text.AsSpan(i).StartsWith("<!--"))
            {
                _place = Place.Comment;
                i += 3;
                continue;
            }
            bool isText = _place == Place.Text && !IsRaw && text[i] == '<' && i + 1 < text.Length && !BeginsElement(text[i + 1]);
            output.Append(isText ? "&lt;" : text[i].ToString());
            Follow(text[i], i + 1 < text.Length ? text[i + 1] : '\0', text.AsSpan(i));
        }
        return output.ToString();
    }

    /// <summary>A value, encoded.</summary>
    public string Value(object? value, GoPipeline? from)
    {
        string text = value is null ? GoRun.NoValue : GoFormat.Print(value);
        if (_place == Place.BeforeValue)
            BeginValue('\0');
        string encoded = _place switch
        {
            Place.Comment => "",
            Place.Text when _element == "script" => GoEscape.Json(text),
            Place.Text when _element == "style" => Style(text),
            // What is HTML already stays so; in an element that holds plain text it does not.
            Place.Text when !IsRaw && (value is GoMarkup || EndsIn(from, "html")) => text,
            Place.Text => GoEscape.Markup(text),
            Place.Value => Attribute(text, value is GoMarkup),
            _ => Name(text),
        };
        if (_place == Place.Value)
        {
            _written.Append(text);
        }
        else if (_place is Place.ElementName or Place.Element or Place.AttributeName)
        {
            foreach (char c in encoded)
                Follow(c, '\0', []);
        }
        return encoded;
    }

    /// <summary>Whether markup is not read here.</summary>
    private bool IsRaw => _element is "script" or "style" or "textarea" or "title";

    private static bool BeginsElement(char c) => char.IsAsciiLetter(c) || c is '/' or '!' or '?' or '\0';

    private static bool EndsIn(GoPipeline? pipeline, string function) =>
        pipeline?.Commands[^1].Operands[0] is { Kind: GoOperandKind.Function, Value: string name } && name == function;

    private void Follow(char c, char next, ReadOnlySpan<char> rest)
    {
        switch (_place)
        {
            case Place.Text when c == '<' && IsRaw:
                if (rest.StartsWith($"</{_element}", StringComparison.OrdinalIgnoreCase))
                    (_place, _element) = (Place.Element, "");
                break;
            case Place.Text when c == '<' && BeginsElement(next):
                _place = Place.ElementName;
                _word.Clear();
                break;
            case Place.ElementName or Place.Element when c == '>':
                EndName();
                _place = Place.Text;
                break;
            case Place.ElementName when char.IsWhiteSpace(c) || (c == '/' && _word.Length > 0):
                EndName();
                _place = Place.Element;
                break;
            case Place.ElementName:
                _word.Append(c);
                break;
            case Place.Element when !char.IsWhiteSpace(c) && c != '/':
                _place = Place.AttributeName;
                BeginName(c);
                break;
            case Place.AttributeName:
                FollowAttribute(c);
                break;
            case Place.BeforeValue when c is '"' or '\'':
                BeginValue(c);
                break;
            case Place.BeforeValue when c == '>':
                _place = Place.Text;
                break;
            case Place.BeforeValue when !char.IsWhiteSpace(c):
                BeginValue('\0');
                _written.Append(c);
                break;
            case Place.Value when c == _quote || (_quote == '\0' && (char.IsWhiteSpace(c) || c == '>')):
                _place = c == '>' ? Place.Text : Place.Element;
                break;
            case Place.Value:
                _written.Append(c);
                break;
        }
    }

    private void FollowAttribute(char c)
    {
        if (c == '=')
        {
            _attribute = _word.ToString().ToLowerInvariant();
            _place = Place.BeforeValue;
        }
        else if (c == '>')
        {
            _place = Place.Text;
        }
        else if (char.IsWhiteSpace(c) || c == '/')
        {
            _isNameEnded = true;
        }
        else if (_isNameEnded)
        {
            // The one before has no value.
            BeginName(c);
        }
        else
        {
            _word.Append(c);
        }
    }

    private void BeginName(char c)
    {
        _word.Clear().Append(c);
        _isNameEnded = false;
    }

    private void EndName()
    {
        if (_place != Place.ElementName)
            return;
        string name = _word.ToString().TrimEnd('/').ToLowerInvariant();
        _element = name is "script" or "style" or "textarea" or "title" ? name : "";
    }

    private void BeginValue(char quote)
    {
        (_place, _quote) = (Place.Value, quote);
        _written.Clear();
    }

    private string Attribute(string text, bool isMarkup)
    {
        string before = _written.ToString();
        string name = PlainName(_attribute);
        string value = name switch
        {
            _ when name.StartsWith("on", StringComparison.Ordinal) => GoEscape.Json(text),
            "style" => Style(text),
            _ when !s_addresses.Contains(name) => text,
            _ when before.Contains('?', StringComparison.Ordinal) || before.Contains('#', StringComparison.Ordinal) =>
                GoEscape.QueryPart(text),
            _ when before.Trim().Length == 0 && !isMarkup && !IsHarmless(text) => "#" + Unsafe,
            _ => GoEscape.Address(text),
        };
        return _quote == '\0' ? GoEscape.Bare(value) : GoEscape.Markup(value);
    }

    /// <summary>An attribute's name without a prefix: <c>data-href</c> and <c>xlink:href</c> are read as <c>href</c>.</summary>
    private static string PlainName(string name)
    {
        if (name.StartsWith("data-", StringComparison.Ordinal))
            return name[5..];
        int colon = name.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0)
            return name;
        return name.StartsWith("xmlns:", StringComparison.Ordinal) ? "xmlns" : name[(colon + 1)..];
    }

    /// <summary>An address without a scheme, or with one that opens a page or a mail.</summary>
    private static bool IsHarmless(string address)
    {
        int colon = address.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 || address[..colon].Contains('/', StringComparison.Ordinal)
            || address[..colon].ToLowerInvariant() is "http" or "https" or "mailto";
    }

    private static string Style(string text) =>
        text.AsSpan().ContainsAny(s_ofStyles) || text.Contains("--", StringComparison.Ordinal)
            || text.Contains("expression", StringComparison.OrdinalIgnoreCase) ? Unsafe : text;

    /// <summary>The name of an attribute; one that holds more than a value is none.</summary>
    private static string Name(string text) => text.Length > 0 && text.All(char.IsAsciiLetterOrDigit)
        && !s_addresses.Contains(text.ToLowerInvariant()) && !text.StartsWith("on", StringComparison.OrdinalIgnoreCase)
        && !text.Equals("style", StringComparison.OrdinalIgnoreCase) ? text : Unsafe;
}
