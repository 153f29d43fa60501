using System.Globalization;
using System.Text;

namespace Metrics.Rules.Templates;

/// <summary>Reads the language of Go's <c>text/template</c>, as annotations for Prometheus and messages of Alertmanager use it.</summary>
/// <remarks>https://pkg.go.dev/text/template and https://prometheus.io/docs/prometheus/latest/configuration/template_reference/</remarks>
internal sealed class GoParser
{
    private const int MaxDepth = 50;

    /// <summary>Most <c>else if</c> of one chain, those around it included: each lies within the one before.</summary>
    private const int MaxLinks = 500;

    private readonly string _text;
    private readonly GoLibrary _library;
    private readonly Dictionary<string, List<GoNode>> _defines = [];
    private List<string> _variables;
    private int _at;
    private int _depth;
    private int _links;
    private int _loops;
    private bool _trimNext;

    private GoParser(string text, GoLibrary library)
    {
        _text = text;
        _library = library;
        _variables = ["", .. library.Variables];
    }

    /// <exception cref="TemplateException">It cannot be read; the message says where and why.</exception>
    public static GoSource Parse(string text, GoLibrary library)
    {
        var parser = new GoParser(text, library);
        List<GoNode> nodes = parser.ReadList(out string? end);
        return end is null ? new GoSource(nodes, parser._defines) : throw parser.Fault($"unexpected {{{{{end}}}}}");
    }

    private TemplateException Fault(string reason, bool saysWhere = true)
    {
        ReadOnlySpan<char> before = _text.AsSpan(0, Math.Min(_at, _text.Length));
        (int line, int column) = (before.Count('\n') + 1, before.Length - before.LastIndexOf('\n'));
        string message = saysWhere
            ? string.Create(CultureInfo.InvariantCulture, $"{reason} (line {line}, column {column} of the template)")
            : reason;
        return new TemplateException(message) { Line = line, Column = column, Reason = reason };
    }

    /// <summary>Reads up to <c>end</c> or <c>else</c>, which it takes and tells.</summary>
    private List<GoNode> ReadList(out string? end)
    {
        if (++_depth > MaxDepth)
            throw Fault($"the template nests deeper than {MaxDepth} levels");
        var nodes = new List<GoNode>();
        int variables = _variables.Count;
        end = null;
        while (_at < _text.Length)
        {
            int open = _text.IndexOf("{{", _at, StringComparison.Ordinal);
            string text = open < 0 ? _text[_at..] : _text[_at..open];
            bool trimsBefore = open >= 0 && _text.AsSpan(open + 2) is ['-', ' ' or '\t' or '\n' or '\r', ..];
            if (_trimNext)
                text = text.TrimStart(' ', '\t', '\r', '\n');
            if (trimsBefore)
                text = text.TrimEnd(' ', '\t', '\r', '\n');
            _trimNext = false;
            if (text.Length > 0)
                nodes.Add(new GoText(text));
            if (open < 0)
            {
                _at = _text.Length;
                break;
            }
            _at = open + (trimsBefore ? 3 : 2);
            SkipBlanks();
            if (_text.AsSpan(_at).StartsWith("/*"))
            {
                int close = _text.IndexOf("*/", _at, StringComparison.Ordinal);
                if (close < 0)
                    throw Fault("unclosed comment");
                _at = close + 2;
                Close();
                continue;
            }
            if (ReadStatement(nodes) is { } keyword)
            {
                end = keyword;
                break;
            }
        }
        _variables.RemoveRange(variables, _variables.Count - variables);
        _depth--;
        return nodes;
    }

    private string? ReadStatement(List<GoNode> nodes)
    {
        string word = PeekWord();
        switch (word)
        {
            case "end":
                _at += 3;
                Close();
                return "end";
            case "else":
                _at += 4;
                SkipBlanks();
                if (PeekWord() is "if" or "with")
                    return "else " + PeekWord();
                Close();
                return "else";
            case "if" or "with":
                _at += word.Length;
                nodes.Add(ReadBranch(word == "with"));
                return null;
            case "range":
                _at += 5;
                nodes.Add(ReadRange());
                return null;
            case "break" or "continue":
                if (_loops == 0)
                    throw Fault($"{{{{{word}}}}} outside {{{{range}}}}");
                _at += word.Length;
                Close();
                nodes.Add(new GoJump(word == "break"));
                return null;
            case "define" or "template" or "block" when !_library.AreNamed:
                throw Fault($"{{{{{word}}}}} is not supported: a text stands for itself");
            case "define" when _depth > 1:
                throw Fault("unexpected {{define}}: it may not stand within another part");
            case "define":
                _at += word.Length;
                ReadDefine(ReadName(word), word);
                return null;
            case "block":
                _at += word.Length;
                string block = ReadName(word);
                nodes.Add(new GoInvoke(block, ReadPipeline()));
                ReadDefine(block, word);
                return null;
            case "template":
                _at += word.Length;
                string named = ReadName(word);
                nodes.Add(new GoInvoke(named, AtClose() ? null : ReadPipeline()));
                Close();
                return null;
            default:
                (string? variable, bool declares) = ReadAssignment();
                nodes.Add(new GoAction(variable, declares, ReadPipeline()));
                if (variable is not null)
                    Declare(variable, declares);
                Close();
                return null;
        }
    }

    private string ReadName(string word)
    {
        SkipBlanks();
        if (Current is not ('"' or '`'))
            throw Fault($"{{{{{word}}}}} needs a name in quotes");
        string name = ReadText(Current);
        SkipBlanks();
        return name;
    }

    /// <summary>Reads up to <c>end</c> what a name stands for; it sees no variables but its own.</summary>
    private void ReadDefine(string name, string word)
    {
        Close();
        (List<string> outer, int loops) = (_variables, _loops);
        (_variables, _loops) = ([""], 0);
        List<GoNode> nodes = ReadList(out string? end);
        (_variables, _loops) = (outer, loops);
        if (end != "end")
            throw Fault($"{{{{{word}}}}} has no {{{{end}}}}");
        if (!IsEmpty(nodes) && _defines.TryGetValue(name, out List<GoNode>? other) && !IsEmpty(other))
            throw Fault($"multiple definition of template \"{name}\"");
        if (!IsEmpty(nodes) || !_defines.ContainsKey(name))
            _defines[name] = nodes;
    }

    /// <summary>Whether nothing is defined but blanks: such a definition replaces no other.</summary>
    public static bool IsEmpty(List<GoNode> nodes) => nodes.TrueForAll(n => n is GoText text && string.IsNullOrWhiteSpace(text.Text));

    private void Declare(string variable, bool declares)
    {
        if (declares)
            _variables.Add(variable);
        else
            Need(variable);
    }

    private void Need(string variable)
    {
        if (!_variables.Contains(variable))
            throw Fault($"undefined variable \"${variable}\"", saysWhere: false);
    }

    /// <summary>Reads a chain of <c>else if</c> in a loop: it may be longer than parts may nest.</summary>
    private GoBranch ReadBranch(bool isWith)
    {
        (int variables, int links) = (_variables.Count, _links);
        var chain = new Stack<GoBranch>();
        string? end = "else if";
        while (end is "else if" or "else with")
        {
            if (chain.Count > 0)
            {
                string word = PeekWord();
                _at += word.Length;
                isWith = word == "with";
                if (++_links > MaxLinks)
                    throw Fault($"the template has more than {MaxLinks} {{{{else if}}}} within each other");
            }
            (string? variable, bool declares) = ReadAssignment();
            GoPipeline condition = ReadPipeline();
            if (variable is not null)
                Declare(variable, declares);
            Close();
            chain.Push(new GoBranch(isWith, declares ? variable : null, condition, ReadList(out end), []));
        }
        List<GoNode> otherwise = end == "else" ? ReadList(out end) : [];
        if (end != "end")
            throw Fault($"{{{{{(isWith ? "with" : "if")}}}}} has no {{{{end}}}}");
        _variables.RemoveRange(variables, _variables.Count - variables);
        _links = links;
        GoBranch branch = chain.Pop() with { Else = otherwise };
        while (chain.TryPop(out GoBranch? before))
            branch = before with { Else = [branch] };
        return branch;
    }

    private GoRange ReadRange()
    {
        SkipBlanks();
        int start = _at;
        string? key = null, element = null;
        if (Current == '$')
        {
            element = ReadVariable();
            SkipBlanks();
            if (Current == ',')
            {
                _at++;
                SkipBlanks();
                (key, element) = (element, ReadVariable());
                SkipBlanks();
            }
            if (_text.AsSpan(_at).StartsWith(":="))
                _at += 2;
            else
                (_at, key, element) = (start, null, null);
        }
        GoPipeline over = ReadPipeline();
        int variables = _variables.Count;
        _variables.AddRange(new[] { key, element }.OfType<string>());
        Close();
        _loops++;
        List<GoNode> body = ReadList(out string? end);
        _loops--;
        _variables.RemoveRange(variables, _variables.Count - variables);
        List<GoNode> otherwise = end == "else" ? ReadList(out end) : [];
        return end == "end" ? new GoRange(key, element, over, body, otherwise) : throw Fault("{{range}} has no {{end}}");
    }

    private (string? Variable, bool Declares) ReadAssignment()
    {
        SkipBlanks();
        int start = _at;
        if (Current != '$')
            return (null, false);
        string variable = ReadVariable();
        SkipBlanks();
        if (_text.AsSpan(_at).StartsWith(":="))
        {
            _at += 2;
            return (variable, true);
        }
        if (Current == '=')
        {
            _at++;
            return (variable, false);
        }
        _at = start;
        return (null, false);
    }

    private GoPipeline ReadPipeline()
    {
        if (++_depth > MaxDepth)
            throw Fault($"the template nests deeper than {MaxDepth} levels");
        var commands = new List<GoCommand>();
        do
        {
            commands.Add(ReadCommand());
        }
        while (TryTake('|') && !EndsPipeline());
        _depth--;
        return new GoPipeline(commands);
    }

    /// <summary>Go takes a bar with nothing behind it.</summary>
    private bool EndsPipeline()
    {
        SkipBlanks();
        return Current == ')' || AtClose();
    }

    private bool TryTake(char c)
    {
        SkipBlanks();
        if (Current != c)
            return false;
        _at++;
        return true;
    }

    private GoCommand ReadCommand()
    {
        var operands = new List<GoOperand>();
        while (true)
        {
            SkipBlanks();
            if (_at >= _text.Length || Current is '|' or ')' || AtClose())
                break;
            operands.Add(ReadOperand());
        }
        if (operands.Count == 0)
            throw Fault("missing value for command");
        if (operands is [{ Kind: GoOperandKind.Literal, Value: null }])
            throw Fault("nil is not a command");
        if (operands.Count > 1 && operands[0] is { Kind: not GoOperandKind.Function, Fields.Count: 0 })
            throw Fault("can't give argument to non-function");
        return new GoCommand(operands);
    }

    private GoOperand ReadOperand()
    {
        char c = Current;
        if (c == '(')
        {
            _at++;
            GoPipeline inner = ReadPipeline();
            if (!TryTake(')'))
                throw Fault("unclosed left paren");
            return new GoOperand(GoOperandKind.Pipeline, inner, ReadFields());
        }
        if (c == '$')
        {
            string variable = ReadVariable();
            Need(variable);
            return new GoOperand(GoOperandKind.Variable, variable, ReadFields());
        }
        if (c == '.')
        {
            if (_at + 1 < _text.Length && char.IsAsciiDigit(_text[_at + 1]))
                return new GoOperand(GoOperandKind.Literal, ReadNumber(), []);
            List<string> fields = ReadFields();
            if (fields.Count == 0)
                _at++;
            return new GoOperand(GoOperandKind.Dot, null, fields);
        }
        if (c is '"' or '`')
            return new GoOperand(GoOperandKind.Literal, ReadText(c), []);
        if (c == '\'')
            return new GoOperand(GoOperandKind.Literal, ReadLetter(), []);
        if (char.IsAsciiDigit(c) || c is '-' or '+')
            return new GoOperand(GoOperandKind.Literal, ReadNumber(), []);
        string word = PeekWord();
        if (word.Length == 0)
            throw Fault($"unexpected '{c}'");
        _at += word.Length;
        return word switch
        {
            "true" or "false" => new GoOperand(GoOperandKind.Literal, word == "true", []),
            "nil" => new GoOperand(GoOperandKind.Literal, null, []),
            _ when _library.Functions.ContainsKey(word) => new GoOperand(GoOperandKind.Function, word, []),
            _ => throw Fault($"function \"{word}\" not defined"),
        };
    }

    private List<string> ReadFields()
    {
        var fields = new List<string>();
        while (Current == '.' && _at + 1 < _text.Length && (char.IsLetter(_text[_at + 1]) || _text[_at + 1] == '_'))
        {
            _at++;
            string field = PeekWord();
            fields.Add(field);
            _at += field.Length;
        }
        return fields;
    }

    private string ReadVariable()
    {
        if (Current != '$')
            throw Fault("expected a variable");
        _at++;
        string name = PeekWord();
        _at += name.Length;
        return name;
    }

    private object ReadNumber()
    {
        int start = _at;
        if (Current is '-' or '+')
            _at++;
        while (char.IsAsciiLetterOrDigit(Current) || Current is '.' or '_' || (Current is '-' or '+' && _text[_at - 1] is 'e' or 'E'))
            _at++;
        string written = _text[start.._at], word = written.Replace("_", "", StringComparison.Ordinal);
        if (long.TryParse(word, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long whole))
            return whole;
        bool isBased = word.TrimStart('+', '-') is ['0', 'x' or 'X' or 'b' or 'B' or 'o' or 'O', ..];
        if (isBased && BasedNumber(word) is { } based)
            return based;
        return !isBased && double.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out double number)
            ? number
            : throw Fault($"bad number syntax: {written}");
    }

    private static object? BasedNumber(string word)
    {
        string digits = word.TrimStart('+', '-');
        try
        {
            long number = Convert.ToInt64(digits[2..], digits[1] switch { 'x' or 'X' => 16, 'b' or 'B' => 2, _ => 8 });
            return word[0] == '-' ? -number : number;
        }
        catch (Exception e) when (e is FormatException or OverflowException or ArgumentException)
        {
            return null;
        }
    }

    /// <summary>A letter in quotes is its number.</summary>
    private object ReadLetter()
    {
        string letter = ReadText('\'');
        return Rune.TryGetRuneAt(letter.Length > 0 ? letter : " ", 0, out Rune rune) && rune.Utf16SequenceLength == letter.Length
            ? (long)rune.Value
            : throw Fault($"malformed character constant: '{letter}'");
    }

    private string ReadText(char quote)
    {
        int start = ++_at;
        var text = new StringBuilder();
        while (_at < _text.Length && (quote == '`' || Current != '\n'))
        {
            char c = _text[_at++];
            if (c == quote)
                return text.ToString();
            if (c == '\\' && quote != '`' && _at < _text.Length)
                text.Append(ReadEscape(quote));
            else
                text.Append(c);
        }
        _at = start;
        throw Fault("unterminated quoted string");
    }

    private string ReadEscape(char quote)
    {
        char c = _text[_at++];
        int digits = c switch { 'x' => 2, 'u' => 4, 'U' => 8, _ => 0 };
        if (digits > 0 && _at + digits <= _text.Length
            && int.TryParse(_text.AsSpan(_at, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int code)
            && Rune.IsValid(code))
        {
            _at += digits;
            return new Rune(code).ToString();
        }
        return c switch
        {
            'n' => "\n",
            't' => "\t",
            'r' => "\r",
            'a' => "\a",
            'b' => "\b",
            'f' => "\f",
            'v' => "\v",
            '\\' => "\\",
            _ when c == quote => c.ToString(),
            _ => throw Fault($"invalid syntax: \\{c} in a quoted string"),
        };
    }

    private bool AtClose() => _text.AsSpan(_at).StartsWith("}}") || AtTrim();

    /// <summary>Before <c>-}}</c> stands a blank.</summary>
    private bool AtTrim() =>
        Current == '-' && _text.AsSpan(_at + 1).StartsWith("}}") && (char.IsWhiteSpace(_text[_at - 1]) || _text[_at - 1] == '/');

    private void Close()
    {
        SkipBlanks();
        if (AtTrim())
        {
            _trimNext = true;
            _at++;
        }
        if (!_text.AsSpan(_at).StartsWith("}}"))
            throw Fault(_at >= _text.Length ? "unclosed action" : $"unexpected '{Current}' in the action");
        _at += 2;
    }

    private string PeekWord()
    {
        int end = _at;
        while (end < _text.Length && (char.IsLetterOrDigit(_text[end]) || _text[end] == '_'))
            end++;
        return _text[_at..end];
    }

    private char Current => _at < _text.Length ? _text[_at] : '\0';

    private void SkipBlanks()
    {
        while (char.IsWhiteSpace(Current))
            _at++;
    }
}
