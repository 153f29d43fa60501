using System.Text;
using Metrics.Model;
using Metrics.Series;

namespace Metrics.Query;

/// <summary>Reads an instant vector selector of PromQL.</summary>
/// <remarks>https://prometheus.io/docs/prometheus/latest/querying/basics/#instant-vector-selectors</remarks>
public sealed class SelectorParser
{
    private readonly string _text;
    private int _position;
    private QueryError? _error;

    private SelectorParser(string text) => _text = text;

    /// <summary>Reads a selector that is the whole text.</summary>
    /// <param name="text">Such as <c>up{job="host"}</c> or <c>{__name__=~"node_.*"}</c>.</param>
    /// <param name="selector">The selector, when the answer is true.</param>
    /// <param name="error">What is wrong, when it is false.</param>
    public static bool TryParse(string text, out VectorSelector? selector, out QueryError? error)
    {
        var parser = new SelectorParser(text);
        selector = parser.Parse();
        error = parser._error;
        return selector is not null;
    }

    /// <summary>Whether a text can stand as a metric name without quotes.</summary>
    public static bool IsPlainName(string name) =>
        name.Length > 0 && !char.IsAsciiDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or ':');

    private char Current => _position < _text.Length ? _text[_position] : '\0';

    private VectorSelector? Parse()
    {
        var matchers = new List<LabelMatcher>();
        SkipBlanks();
        if (IsNameStart(Current) || Current == ':')
            matchers.Add(new LabelMatcher(Labels.MetricName, MatchKind.Equal, TakeName(colon: true)));
        else if (Current != '{')
            return Refuse(_text.Trim().Length == 0 ? "no expression found" : $"unexpected {Found()}; expected a metric name or '{{'");
        SkipBlanks();
        if (Current == '{' && !TryReadMatchers(matchers))
            return null;
        SkipBlanks();
        if (_position < _text.Length)
            return Refuse($"unexpected {Found()} behind the selector; expressions other than a plain selector are not supported yet");
        if (matchers.TrueForAll(m => m.Matches("")))
            return Refuse("the selector matches everything; at least one matcher must not match the empty text", 0);
        return new VectorSelector(matchers);
    }

    private bool TryReadMatchers(List<LabelMatcher> matchers)
    {
        _position++;
        SkipBlanks();
        while (Current != '}')
        {
            if (!TryReadMatcher(matchers))
                return false;
            SkipBlanks();
            if (Current == ',')
                _position++;
            else if (Current != '}')
                return Refuse($"unexpected {Found()} in the label matchers; expected ',' or '}}'") is not null;
            SkipBlanks();
        }
        _position++;
        return true;
    }

    private bool TryReadMatcher(List<LabelMatcher> matchers)
    {
        int start = _position;
        string name;
        if (Current is '"' or '\'' or '`')
        {
            if (TakeString() is not { } quoted)
                return false;
            SkipBlanks();
            if (Current is ',' or '}')
            {
                if (matchers.Exists(m => m.Name == Labels.MetricName && m.Kind == MatchKind.Equal))
                    return Refuse("the metric name is given twice", start) is not null;
                matchers.Add(new LabelMatcher(Labels.MetricName, MatchKind.Equal, quoted));
                return true;
            }
            name = quoted;
        }
        else if (IsNameStart(Current))
        {
            name = TakeName(colon: false);
        }
        else
        {
            return Refuse($"unexpected {Found()} in the label matchers; expected a label name") is not null;
        }
        SkipBlanks();
        if (TakeOperator() is not { } kind)
            return Refuse($"unexpected {Found()} after the label name; expected '=', '!=', '=~' or '!~'") is not null;
        SkipBlanks();
        int valueStart = _position;
        if (TakeString() is not { } value)
            return false;
        try
        {
            matchers.Add(new LabelMatcher(name, kind, value));
            return true;
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            return Refuse($"the regular expression is not valid: {e.Message}", valueStart) is not null;
        }
    }

    private MatchKind? TakeOperator()
    {
        (string Sign, MatchKind Kind)[] operators = [("=~", MatchKind.Regex), ("!~", MatchKind.NotRegex), ("!=", MatchKind.NotEqual), ("=", MatchKind.Equal)];
        foreach ((string sign, MatchKind kind) in operators)
        {
            if (_text.AsSpan(_position).StartsWith(sign))
            {
                _position += sign.Length;
                return kind;
            }
        }
        return null;
    }

    private string TakeName(bool colon)
    {
        int start = _position;
        while (char.IsAsciiLetterOrDigit(Current) || Current == '_' || (Current == ':' && colon))
            _position++;
        return _text[start.._position];
    }

    private string? TakeString()
    {
        char quote = Current;
        int start = _position;
        if (quote is not ('"' or '\'' or '`'))
        {
            Refuse($"unexpected {Found()}; expected a text in quotes");
            return null;
        }
        var value = new StringBuilder();
        for (_position++; _position < _text.Length; _position++)
        {
            char c = Current;
            if (c == quote)
            {
                _position++;
                return value.ToString();
            }
            if (c == '\\' && quote != '`')
            {
                _position++;
                c = Current switch { 'n' => '\n', 't' => '\t', 'r' => '\r', '\\' or '"' or '\'' => Current, _ => '\0' };
                if (c == '\0')
                {
                    Refuse("unknown escape in a text; known are \\\\ \\\" \\' \\n \\r \\t", _position - 1);
                    return null;
                }
            }
            value.Append(c);
        }
        Refuse("the text's quote is not closed", start);
        return null;
    }

    private void SkipBlanks()
    {
        while (char.IsWhiteSpace(Current))
            _position++;
    }

    private static bool IsNameStart(char c) => char.IsAsciiLetter(c) || c == '_';

    private string Found() => _position >= _text.Length ? "end of the expression" : $"'{Current}'";

    private VectorSelector? Refuse(string message, int? position = null)
    {
        _error ??= new QueryError(position ?? _position, message);
        return null;
    }
}
