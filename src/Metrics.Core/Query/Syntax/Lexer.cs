using System.Buffers;
using System.Globalization;
using System.Text;

namespace Metrics.Query.Syntax;

/// <summary>A place where an expression cannot be read; never leaves <see cref="Parser"/>.</summary>
internal sealed class SyntaxException(int position, string message) : Exception(message)
{
    public int Position => position;
}

/// <summary>Cuts an expression into its words. Comments (<c># …</c>) and blanks are dropped.</summary>
/// <remarks>https://prometheus.io/docs/prometheus/latest/querying/basics/#literals</remarks>
internal sealed class Lexer(string text)
{
    private readonly List<Token> _tokens = [];
    private int _at;
    private int _parens;
    private bool _inBraces;
    private bool _inBrackets;

    /// <exception cref="SyntaxException">Some character cannot stand where it is.</exception>
    public static List<Token> Read(string text)
    {
        var lexer = new Lexer(text);
        lexer.Run();
        return lexer._tokens;
    }

    private char Current => _at < text.Length ? text[_at] : '\0';

    private char Next => _at + 1 < text.Length ? text[_at + 1] : '\0';

    private void Run()
    {
        while (_at < text.Length)
        {
            char c = Current;
            if (c is ' ' or '\t' or '\n' or '\r')
                _at++;
            else if (c == '#')
                SkipComment();
            else if (c is '"' or '\'' or '`')
                ReadText(c);
            else if (char.IsAsciiDigit(c) || (c == '.' && char.IsAsciiDigit(Next)))
                ReadNumber();
            else if (char.IsAsciiLetter(c) || c == '_' || (c == ':' && !_inBraces && !_inBrackets))
                ReadName();
            else
                ReadSign(c);
        }
        if (_inBraces)
            throw new SyntaxException(text.Length, "unexpected end of input inside braces");
        if (_parens > 0)
            throw new SyntaxException(text.Length, "unclosed left parenthesis");
        if (_inBrackets)
            throw new SyntaxException(text.Length, "unclosed left bracket");
        _tokens.Add(new Token(TokenKind.End, text.Length, "", text.Length));
    }

    private void SkipComment()
    {
        while (_at < text.Length && Current is not ('\n' or '\r'))
            _at++;
    }

    private void ReadSign(char c)
    {
        (TokenKind kind, int length) = (c, Next) switch
        {
            ('=', '=') => (TokenKind.Equal, 2),
            ('=', '~') => (TokenKind.MatchRegex, 2),
            ('=', _) => (TokenKind.Assign, 1),
            ('!', '=') => (TokenKind.NotEqual, 2),
            ('!', '~') => (TokenKind.MatchNotRegex, 2),
            ('<', '=') => (TokenKind.LessOrEqual, 2),
            ('<', '/') => (TokenKind.TrimUpper, 2),
            ('<', _) => (TokenKind.Less, 1),
            ('>', '=') => (TokenKind.GreaterOrEqual, 2),
            ('>', '/') => (TokenKind.TrimLower, 2),
            ('>', _) => (TokenKind.Greater, 1),
            ('+', _) => (TokenKind.Add, 1),
            ('-', _) => (TokenKind.Sub, 1),
            ('*', _) => (TokenKind.Mul, 1),
            ('/', _) => (TokenKind.Div, 1),
            ('%', _) => (TokenKind.Mod, 1),
            ('^', _) => (TokenKind.Pow, 1),
            ('@', _) => (TokenKind.At, 1),
            (',', _) => (TokenKind.Comma, 1),
            (':', _) => (TokenKind.Colon, 1),
            ('(', _) => (TokenKind.LeftParen, 1),
            (')', _) => (TokenKind.RightParen, 1),
            ('{', _) => (TokenKind.LeftBrace, 1),
            ('}', _) => (TokenKind.RightBrace, 1),
            ('[', _) => (TokenKind.LeftBracket, 1),
            (']', _) => (TokenKind.RightBracket, 1),
            ('!', _) => throw new SyntaxException(_at, $"unexpected character after '!': {Described(Next)}"),
            _ => throw new SyntaxException(_at, $"unexpected character{(_inBraces ? " inside braces" : "")}: {Described(c)}"),
        };
        Track(kind, c);
        _tokens.Add(new Token(kind, _at, text.Substring(_at, length), _at + length));
        _at += length;
    }

    /// <summary>Brackets that do not match are found here, where their place is known.</summary>
    private void Track(TokenKind kind, char c)
    {
        switch (kind)
        {
            case TokenKind.LeftParen when !_inBraces:
                _parens++;
                break;
            case TokenKind.RightParen when !_inBraces && --_parens < 0:
            case TokenKind.RightBrace when !_inBraces:
            case TokenKind.RightBracket when !_inBrackets:
            case TokenKind.LeftBrace when _inBraces || _inBrackets:
            case TokenKind.LeftBracket when _inBraces || _inBrackets:
                throw new SyntaxException(_at, $"unexpected {Name(c)} '{c}'");
            case TokenKind.LeftBrace:
                _inBraces = true;
                break;
            case TokenKind.RightBrace:
                _inBraces = false;
                break;
            case TokenKind.LeftBracket:
                _inBrackets = true;
                break;
            case TokenKind.RightBracket:
                _inBrackets = false;
                break;
        }

        static string Name(char c) => c switch
        {
            '(' => "left parenthesis", ')' =>
                "right parenthesis", '{' => "left brace", '}' => "right brace", '[' => "left bracket", _ => "right bracket",
        };
    }

    private void ReadName()
    {
        int start = _at;
        while (char.IsAsciiLetterOrDigit(Current) || Current == '_' || (Current == ':' && !_inBraces && !_inBrackets))
            _at++;
        string name = text[start.._at];
        bool number = !_inBraces
            && (name.Equals("inf", StringComparison.OrdinalIgnoreCase) || name.Equals("nan", StringComparison.OrdinalIgnoreCase));
        _tokens.Add(new Token(number ? TokenKind.Number : TokenKind.Name, start, name, _at));
    }

    private void ReadNumber()
    {
        int start = _at;
        bool isNumber = SkipNumber() && !char.IsAsciiLetterOrDigit(Current) && Current != '_';
        if (!isNumber)
        {
            _at = start;
            while (char.IsAsciiLetterOrDigit(Current) || Current is '_' or '.')
                _at++;
        }
        string word = text[start.._at];
        bool isDuration = !isNumber && Model.Duration.TryParse(word, out _);
        if (!isNumber && !isDuration)
            throw new SyntaxException(start, $"bad number or duration syntax: \"{word}\"");
        _tokens.Add(new Token(isDuration ? TokenKind.Duration : TokenKind.Number, start, word, _at));
    }

    /// <summary>Digits, one point, one exponent, single underscores between digits; or <c>0x</c> and hexadecimal digits.</summary>
    private bool SkipNumber()
    {
        if (Current == '0' && Next is 'x' or 'X')
        {
            _at += 2;
            int first = _at;
            while (char.IsAsciiHexDigit(Current) || (Current == '_' && (char.IsAsciiHexDigit(Next))))
                _at++;
            return _at > first;
        }
        SkipDigits();
        if (Current == '.')
        {
            _at++;
            SkipDigits();
        }
        if (Current is 'e' or 'E')
        {
            int exponent = _at++;
            if (Current is '+' or '-')
                _at++;
            int first = _at;
            SkipDigits();
            if (_at == first)
            {
                _at = exponent;
                return false;
            }
        }
        return true;
    }

    private void SkipDigits()
    {
        while (char.IsAsciiDigit(Current) || (Current == '_' && char.IsAsciiDigit(Next) && _at > 0 && char.IsAsciiDigit(text[_at - 1])))
            _at++;
    }

    private void ReadText(char quote)
    {
        int start = _at++;
        var content = new StringBuilder();
        List<byte>? bytes = null;
        while (true)
        {
            if (_at >= text.Length || (Current == '\n' && quote != '`'))
                throw new SyntaxException(start, quote == '`' ? "unterminated raw string" : "unterminated quoted string");
            char c = text[_at++];
            if (c == quote)
                break;
            if (c == '\\' && quote != '`')
                ReadEscape(quote, content, ref bytes);
            else
                Flush(content, ref bytes).Append(c);
        }
        Flush(content, ref bytes);
        _tokens.Add(new Token(TokenKind.Text, start, content.ToString(), _at));
    }

    /// <summary>
    /// Escapes of single bytes may together make one character of UTF-8; a byte that does not is kept as <see cref="RawBytes"/>.
    /// </summary>
    private static StringBuilder Flush(StringBuilder content, ref List<byte>? bytes)
    {
        for (ReadOnlySpan<byte> rest = bytes is null ? [] : [.. bytes]; rest.Length > 0;)
        {
            bool isText = Rune.DecodeFromUtf8(rest, out Rune rune, out int length) == OperationStatus.Done;
            _ = isText ? content.Append(rune.ToString()) : content.Append(RawBytes.ToChar(rest[0]));
            rest = rest[(isText ? length : 1)..];
        }
        bytes = null;
        return content;
    }

    private void ReadEscape(char quote, StringBuilder content, ref List<byte>? bytes)
    {
        int start = _at - 1;
        char kind = Current;
        if (_at++ >= text.Length)
            throw new SyntaxException(start, "escape sequence not terminated");
        char? plain = kind switch
        {
            'a' => '\a', 'b' =>
                '\b', 'f' => '\f', 'n' => '\n', 'r' => '\r', 't' => '\t', 'v' => '\v', '\\' => '\\', _ => kind == quote ? kind : null,
        };
        if (plain is { } character)
        {
            Flush(content, ref bytes).Append(character);
            return;
        }
        (int count, int numberBase) =
            kind switch { >= '0' and <= '7' => (3, 8), 'x' => (2, 16), 'u' => (4, 16), 'U' => (8, 16), _ => (0, 0) };
        if (count == 0)
            throw new SyntaxException(start, $"unknown escape sequence {Described(kind)}");
        if (numberBase == 8)
            _at--;
        long value = 0;
        for (int i = 0; i < count; i++, _at++)
        {
            int digit = char.IsAsciiHexDigit(Current) ? Convert.ToInt32(Current.ToString(), 16) : 16;
            if (digit >= numberBase)
                throw new SyntaxException(
                    _at, _at >= text.Length
                    ? "escape sequence not terminated"
                    : $"illegal character {Described(Current)} in escape sequence");
            value = (value * numberBase) + digit;
        }
        bool single = kind is 'x' or (>= '0' and <= '7');
        if (single ? value > 255 : value > 0x10ffff || value is >= 0xd800 and < 0xe000)
            throw new SyntaxException(start, "escape sequence is an invalid Unicode code point");
        if (single)
            (bytes ??= []).Add((byte)value);
        else
            Flush(content, ref bytes).Append(new Rune((int)value).ToString());
    }

    private static string Described(char c) => c switch
    {
        '\0' => "end of input",
        < ' ' or > '~' => string.Create(CultureInfo.InvariantCulture, $"U+{(int)c:X4}"),
        _ => $"'{c}'",
    };
}
