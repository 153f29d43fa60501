namespace Metrics.Rules.Templates;

/// <summary>Reads the language of Go's <c>text/template</c>, as annotations for Prometheus and messages of Alertmanager use it.</summary>
/// <remarks>https://pkg.go.dev/text/template and https://prometheus.io/docs/prometheus/latest/configuration/template_reference/</remarks>
internal sealed class GoParser
{
    private const int MaxDepth = 50;

    /// <summary>Most <c>else if</c> of one chain, those around it included: each lies within the one before.</summary>
    private const int MaxLinks = 500;

    private readonly GoCursor _in;
    private readonly GoLibrary _library;
    private readonly Dictionary<string, List<GoNode>> _defines = [];
    private List<string> _variables;
    private int _depth;
    private int _links;
    private int _loops;

    private GoParser(string text, GoLibrary library)
    {
        _in = new GoCursor(text);
        _library = library;
        _variables = ["", .. library.Variables];
    }

    /// <exception cref="TemplateException">It cannot be read; the message says where and why.</exception>
    public static GoSource Parse(string text, GoLibrary library)
    {
        var parser = new GoParser(text, library);
        List<GoNode> nodes = parser.ReadList(out string? end);
        return end is null ? new GoSource(nodes, parser._defines) : throw parser._in.Fault($"unexpected {{{{{end}}}}}");
    }

    /// <summary>Reads up to <c>end</c> or <c>else</c>, which it takes and tells.</summary>
    private List<GoNode> ReadList(out string? end)
    {
        if (++_depth > MaxDepth)
            throw _in.Fault($"the template nests deeper than {MaxDepth} levels");
        var nodes = new List<GoNode>();
        int variables = _variables.Count;
        end = null;
        while (!_in.IsAtEnd)
        {
            string text = _in.ReadPlain(out bool isAction);
            if (text.Length > 0)
                nodes.Add(new GoText(text));
            if (!isAction)
                break;
            if (_in.TryComment())
                continue;
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
        string word = _in.PeekWord();
        switch (word)
        {
            case "end":
                _in.At += 3;
                _in.Close();
                return "end";
            case "else":
                _in.At += 4;
                _in.SkipBlanks();
                if (_in.PeekWord() is "if" or "with")
                    return "else " + _in.PeekWord();
                _in.Close();
                return "else";
            case "if" or "with":
                _in.At += word.Length;
                nodes.Add(ReadBranch(word == "with"));
                return null;
            case "range":
                _in.At += 5;
                nodes.Add(ReadRange());
                return null;
            case "break" or "continue":
                if (_loops == 0)
                    throw _in.Fault($"{{{{{word}}}}} outside {{{{range}}}}");
                _in.At += word.Length;
                _in.Close();
                nodes.Add(new GoJump(word == "break"));
                return null;
            case "define" or "template" or "block" when !_library.AreNamed:
                throw _in.Fault($"{{{{{word}}}}} is not supported: a text stands for itself");
            case "define" when _depth > 1:
                throw _in.Fault("unexpected {{define}}: it may not stand within another part");
            case "define":
                _in.At += word.Length;
                ReadDefine(ReadName(word), word);
                return null;
            case "block":
                _in.At += word.Length;
                string block = ReadName(word);
                nodes.Add(new GoInvoke(block, ReadPipeline()));
                ReadDefine(block, word);
                return null;
            case "template":
                _in.At += word.Length;
                string named = ReadName(word);
                nodes.Add(new GoInvoke(named, _in.AtClose() ? null : ReadPipeline()));
                _in.Close();
                return null;
            default:
                (string? variable, bool declares) = ReadAssignment();
                nodes.Add(new GoAction(variable, declares, ReadPipeline()));
                if (variable is not null)
                    Declare(variable, declares);
                _in.Close();
                return null;
        }
    }

    private string ReadName(string word)
    {
        _in.SkipBlanks();
        if (_in.Current is not ('"' or '`'))
            throw _in.Fault($"{{{{{word}}}}} needs a name in quotes");
        string name = _in.ReadText(_in.Current);
        _in.SkipBlanks();
        return name;
    }

    /// <summary>Reads up to <c>end</c> what a name stands for; it sees no variables but its own.</summary>
    private void ReadDefine(string name, string word)
    {
        _in.Close();
        (List<string> outer, int loops) = (_variables, _loops);
        (_variables, _loops) = ([""], 0);
        List<GoNode> nodes = ReadList(out string? end);
        (_variables, _loops) = (outer, loops);
        if (end != "end")
            throw _in.Fault($"{{{{{word}}}}} has no {{{{end}}}}");
        if (!IsEmpty(nodes) && _defines.TryGetValue(name, out List<GoNode>? other) && !IsEmpty(other))
            throw _in.Fault($"multiple definition of template \"{name}\"");
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
            throw _in.Fault($"undefined variable \"${variable}\"", saysWhere: false);
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
                string word = _in.PeekWord();
                _in.At += word.Length;
                isWith = word == "with";
                if (++_links > MaxLinks)
                    throw _in.Fault($"the template has more than {MaxLinks} {{{{else if}}}} within each other");
            }
            (string? variable, bool declares) = ReadAssignment();
            GoPipeline condition = ReadPipeline();
            if (variable is not null)
                Declare(variable, declares);
            _in.Close();
            chain.Push(new GoBranch(isWith, declares ? variable : null, condition, ReadList(out end), []));
        }
        List<GoNode> otherwise = end == "else" ? ReadList(out end) : [];
        if (end != "end")
            throw _in.Fault($"{{{{{(isWith ? "with" : "if")}}}}} has no {{{{end}}}}");
        _variables.RemoveRange(variables, _variables.Count - variables);
        _links = links;
        GoBranch branch = chain.Pop() with { Else = otherwise };
        while (chain.TryPop(out GoBranch? before))
            branch = before with { Else = [branch] };
        return branch;
    }

    private GoRange ReadRange()
    {
        _in.SkipBlanks();
        int start = _in.At;
        string? key = null, element = null;
        if (_in.Current == '$')
        {
            element = _in.ReadVariable();
            _in.SkipBlanks();
            if (_in.Current == ',')
            {
                _in.At++;
                _in.SkipBlanks();
                (key, element) = (element, _in.ReadVariable());
                _in.SkipBlanks();
            }
            if (!_in.TryTake(":="))
                (_in.At, key, element) = (start, null, null);
        }
        GoPipeline over = ReadPipeline();
        int variables = _variables.Count;
        _variables.AddRange(new[] { key, element }.OfType<string>());
        _in.Close();
        _loops++;
        List<GoNode> body = ReadList(out string? end);
        _loops--;
        _variables.RemoveRange(variables, _variables.Count - variables);
        List<GoNode> otherwise = end == "else" ? ReadList(out end) : [];
        return end == "end" ? new GoRange(key, element, over, body, otherwise) : throw _in.Fault("{{range}} has no {{end}}");
    }

    private (string? Variable, bool Declares) ReadAssignment()
    {
        _in.SkipBlanks();
        int start = _in.At;
        if (_in.Current != '$')
            return (null, false);
        string variable = _in.ReadVariable();
        _in.SkipBlanks();
        if (_in.TryTake(":="))
            return (variable, true);
        if (_in.TryTake("="))
            return (variable, false);
        _in.At = start;
        return (null, false);
    }

    private GoPipeline ReadPipeline()
    {
        if (++_depth > MaxDepth)
            throw _in.Fault($"the template nests deeper than {MaxDepth} levels");
        var commands = new List<GoCommand>();
        do
        {
            commands.Add(ReadCommand());
        }
        while (_in.TryTake('|') && !EndsPipeline());
        _depth--;
        return new GoPipeline(commands);
    }

    /// <summary>Go takes a bar with nothing behind it.</summary>
    private bool EndsPipeline()
    {
        _in.SkipBlanks();
        return _in.Current == ')' || _in.AtClose();
    }

    private GoCommand ReadCommand()
    {
        var operands = new List<GoOperand>();
        while (true)
        {
            _in.SkipBlanks();
            if (_in.IsAtEnd || _in.Current is '|' or ')' || _in.AtClose())
                break;
            operands.Add(ReadOperand());
        }
        if (operands.Count == 0)
            throw _in.Fault("missing value for command");
        if (operands is [{ Kind: GoOperandKind.Literal, Value: null }])
            throw _in.Fault("nil is not a command");
        if (operands.Count > 1 && operands[0] is { Kind: not GoOperandKind.Function, Fields.Count: 0 })
            throw _in.Fault("can't give argument to non-function");
        return new GoCommand(operands);
    }

    private GoOperand ReadOperand()
    {
        char c = _in.Current;
        if (c == '(')
        {
            _in.At++;
            GoPipeline inner = ReadPipeline();
            if (!_in.TryTake(')'))
                throw _in.Fault("unclosed left paren");
            return new GoOperand(GoOperandKind.Pipeline, inner, ReadFields());
        }
        if (c == '$')
        {
            string variable = _in.ReadVariable();
            Need(variable);
            return new GoOperand(GoOperandKind.Variable, variable, ReadFields());
        }
        if (c == '.')
        {
            if (char.IsAsciiDigit(_in.Next))
                return new GoOperand(GoOperandKind.Literal, _in.ReadNumber(), []);
            List<string> fields = ReadFields();
            if (fields.Count == 0)
                _in.At++;
            return new GoOperand(GoOperandKind.Dot, null, fields);
        }
        if (c is '"' or '`')
            return new GoOperand(GoOperandKind.Literal, _in.ReadText(c), []);
        if (c == '\'')
            return new GoOperand(GoOperandKind.Literal, _in.ReadLetter(), []);
        if (char.IsAsciiDigit(c) || c is '-' or '+')
            return new GoOperand(GoOperandKind.Literal, _in.ReadNumber(), []);
        string word = _in.PeekWord();
        if (word.Length == 0)
            throw _in.Fault($"unexpected '{c}'");
        _in.At += word.Length;
        return word switch
        {
            "true" or "false" => new GoOperand(GoOperandKind.Literal, word == "true", []),
            "nil" => new GoOperand(GoOperandKind.Literal, null, []),
            _ when _library.Functions.ContainsKey(word) => new GoOperand(GoOperandKind.Function, word, []),
            _ => throw _in.Fault($"function \"{word}\" not defined"),
        };
    }

    private List<string> ReadFields()
    {
        var fields = new List<string>();
        while (_in.Current == '.' && (char.IsLetter(_in.Next) || _in.Next == '_'))
        {
            _in.At++;
            string field = _in.PeekWord();
            fields.Add(field);
            _in.At += field.Length;
        }
        return fields;
    }
}
