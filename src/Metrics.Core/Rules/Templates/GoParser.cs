using System.Globalization;
using System.Text;

namespace Metrics.Rules.Templates;

/// <summary>Reads the language of Go's <c>text/template</c>, as annotations written for Prometheus use it.</summary>
/// <remarks>https://pkg.go.dev/text/template and https://prometheus.io/docs/prometheus/latest/configuration/template_reference/</remarks>
internal sealed class GoParser
{
    private const int MaxDepth = 50;

    private readonly string _text;
    private int _at;
    private int _depth;
    private bool _trimNext;

    private GoParser(string text) => _text = text;

    /// <exception cref="TemplateException">It cannot be read; the message says where and why.</exception>
    public static List<GoNode> Parse(string text)
    {
        var parser = new GoParser(text);
        List<GoNode> nodes = parser.ReadList(out string? end);
        return end is null ? nodes : throw parser.Fault($"unexpected {{{{{end}}}}}");
    }

    private TemplateException Fault(string message)
    {
        ReadOnlySpan<char> before = _text.AsSpan(0, Math.Min(_at, _text.Length));
        return new TemplateException(
            string.Create(
            CultureInfo.InvariantCulture,
            $"{message} (line {before.Count('\n') + 1}, column {before.Length - before.LastIndexOf('\n')} of the template)"));
    }

    /// <summary>Reads up to <c>end</c> or <c>else</c>, which it takes and tells.</summary>
    private List<GoNode> ReadList(out string? end)
    {
        if (++_depth > MaxDepth)
            throw Fault($"the template nests deeper than {MaxDepth} levels");
        var nodes = new List<GoNode>();
        end = null;
        while (_at < _text.Length)
        {
            int open = _text.IndexOf("{{", _at, StringComparison.Ordinal);
            string text = open < 0 ? _text[_at..] : _text[_at..open];
            bool trimsBefore = open >= 0 && _text.AsSpan(open + 2) is ['-', ' ' or '\t' or '\n' or '\r', ..];
            if (_trimNext)
                text = text.TrimStart();
            if (trimsBefore)
                text = text.TrimEnd();
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
                _at += word.Length;
                Close();
                nodes.Add(new GoJump(word == "break"));
                return null;
            case "define" or "template" or "block":
                throw Fault($"{{{{{word}}}}} is not supported: a text stands for itself");
            default:
                (string? variable, bool declares) = ReadAssignment();
                nodes.Add(new GoAction(variable, declares, ReadPipeline()));
                Close();
                return null;
        }
    }

    private GoBranch ReadBranch(bool isWith)
    {
        (string? variable, _) = ReadAssignment();
        GoPipeline condition = ReadPipeline();
        Close();
        List<GoNode> then = ReadList(out string? end);
        List<GoNode> otherwise = [];
        if (end is "else if" or "else with")
        {
            string word = PeekWord();
            _at += word.Length;
            if (++_depth > MaxDepth)
                throw Fault($"the template nests deeper than {MaxDepth} levels");
            otherwise = [ReadBranch(word == "with")];
            _depth--;
            return new GoBranch(isWith, variable, condition, then, otherwise);
        }
        if (end == "else")
            otherwise = ReadList(out end);
        return end == "end"
            ? new GoBranch(isWith, variable, condition, then, otherwise)
            : throw Fault($"{{{{{(isWith ? "with" : "if")}}}}} has no {{{{end}}}}");
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
        Close();
        List<GoNode> body = ReadList(out string? end);
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
        while (TryTake('|'));
        _depth--;
        return new GoPipeline(commands);
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
        if (operands.Count > 1 && operands[0].Kind != GoOperandKind.Function)
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
            return new GoOperand(GoOperandKind.Variable, ReadVariable(), ReadFields());
        if (c == '.')
        {
            if (_at + 1 < _text.Length && char.IsAsciiDigit(_text[_at + 1]))
                return new GoOperand(GoOperandKind.Literal, ReadNumber(), []);
            List<string> fields = ReadFields();
            if (fields.Count == 0)
                _at++;
            return new GoOperand(GoOperandKind.Dot, null, fields);
        }
        if (c is '"' or '`' or '\'')
            return new GoOperand(GoOperandKind.Literal, ReadText(c), []);
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
            _ when GoFunctions.Knows(word) => new GoOperand(GoOperandKind.Function, word, []),
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
        string word = _text[start.._at];
        if (long.TryParse(word, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long whole))
            return whole;
        return double.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out double number)
            ? number
            : throw Fault($"bad number syntax: {word}");
    }

    private string ReadText(char quote)
    {
        int start = ++_at;
        var text = new StringBuilder();
        for (; _at < _text.Length; _at++)
        {
            char c = Current;
            if (c == quote)
            {
                _at++;
                return text.ToString();
            }
            if (c == '\\' && quote != '`' && _at + 1 < _text.Length)
            {
                c = _text[++_at] switch { 'n' => '\n', 't' => '\t', 'r' => '\r', var other => other };
            }
            text.Append(c);
        }
        _at = start;
        throw Fault("unterminated quoted string");
    }

    private bool AtClose() => _text.AsSpan(_at).StartsWith("}}") || (Current == '-' && _text.AsSpan(_at + 1).StartsWith("}}"));

    private void Close()
    {
        SkipBlanks();
        if (Current == '-' && _text.AsSpan(_at + 1).StartsWith("}}"))
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
