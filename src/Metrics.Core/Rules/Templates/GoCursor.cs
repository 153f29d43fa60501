using System.Globalization;
using System.Text;

namespace Metrics.Rules.Templates;

/// <summary>
/// A place in a text in Go's template language, and what is read there: the text between actions, words, numbers, texts in quotes.
/// </summary>
/// <param name="text">The text.</param>
internal sealed class GoCursor(string text)
{
    private static readonly char[] s_blanks = [' ', '\t', '\r', '\n'];

    private readonly string _text = text;

    /// <summary>Whether an action ended with <c>-}}</c>: blanks behind it are left out.</summary>
    private bool _trimsNext;

    /// <summary>The place.</summary>
    public int At { get; set; }

    /// <summary>Whether nothing is left.</summary>
    public bool IsAtEnd => At >= _text.Length;

    /// <summary>The character behind the one that stands here; NUL at the end.</summary>
    public char Next => At + 1 < _text.Length ? _text[At + 1] : '\0';

    /// <summary>Takes the text up to the next action, and the beginning of that.</summary>
    /// <param name="isAction">Whether there is one.</param>
    public string ReadPlain(out bool isAction)
    {
        int open = _text.IndexOf("{{", At, StringComparison.Ordinal);
        isAction = open >= 0;
        string plain = isAction ? _text[At..open] : _text[At..];
        bool trimsBefore = isAction && _text.AsSpan(open + 2) is ['-', ' ' or '\t' or '\n' or '\r', ..];
        if (_trimsNext)
            plain = plain.TrimStart(s_blanks);
        if (trimsBefore)
            plain = plain.TrimEnd(s_blanks);
        _trimsNext = false;
        At = isAction ? open + (trimsBefore ? 3 : 2) : _text.Length;
        SkipBlanks();
        return plain;
    }

    /// <summary>Takes a comment and the end of its action, where one stands here.</summary>
    public bool TryComment()
    {
        if (!TryTake("/*"))
            return false;
        int close = _text.IndexOf("*/", At, StringComparison.Ordinal);
        if (close < 0)
        {
            At -= 2;
            throw Fault("unclosed comment");
        }
        At = close + 2;
        Close();
        return true;
    }

    /// <summary>Takes what stands here, where it does.</summary>
    public bool TryTake(string part)
    {
        if (!_text.AsSpan(Math.Min(At, _text.Length)).StartsWith(part))
            return false;
        At += part.Length;
        return true;
    }

    /// <summary>What is wrong here, with the place.</summary>
    public TemplateException Fault(string reason, bool saysWhere = true)
    {
        ReadOnlySpan<char> before = _text.AsSpan(0, Math.Min(At, _text.Length));
        (int line, int column) = (before.Count('\n') + 1, before.Length - before.LastIndexOf('\n'));
        string message = saysWhere
            ? string.Create(CultureInfo.InvariantCulture, $"{reason} (line {line}, column {column} of the template)")
            : reason;
        return new TemplateException(message) { Line = line, Column = column, Reason = reason };
    }

    /// <summary>Takes a variable, and gives its name without the dollar.</summary>
    public string ReadVariable()
    {
        if (Current != '$')
            throw Fault("expected a variable");
        At++;
        string name = PeekWord();
        At += name.Length;
        return name;
    }

    /// <summary>Takes a number: whole ones are <c>long</c>, others <c>double</c>.</summary>
    public object ReadNumber()
    {
        int start = At;
        if (Current is '-' or '+')
            At++;
        while (char.IsAsciiLetterOrDigit(Current) || Current is '.' or '_' || (Current is '-' or '+' && _text[At - 1] is 'e' or 'E'))
            At++;
        string written = _text[start..At], word = written.Replace("_", "", StringComparison.Ordinal);
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
    public object ReadLetter()
    {
        string letter = ReadText('\'');
        return Rune.TryGetRuneAt(letter.Length > 0 ? letter : " ", 0, out Rune rune) && rune.Utf16SequenceLength == letter.Length
            ? (long)rune.Value
            : throw Fault($"malformed character constant: '{letter}'");
    }

    /// <summary>Takes a text in quotes, the place being at the first.</summary>
    public string ReadText(char quote)
    {
        int start = ++At;
        var text = new StringBuilder();
        while (At < _text.Length && (quote == '`' || Current != '\n'))
        {
            char c = _text[At++];
            if (c == quote)
                return text.ToString();
            if (c == '\\' && quote != '`' && At < _text.Length)
                text.Append(ReadEscape(quote));
            else
                text.Append(c);
        }
        At = start;
        throw Fault("unterminated quoted string");
    }

    private string ReadEscape(char quote)
    {
        char c = _text[At++];
        int digits = c switch { 'x' => 2, 'u' => 4, 'U' => 8, _ => 0 };
        if (digits > 0 && At + digits <= _text.Length
            && int.TryParse(_text.AsSpan(At, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int code)
            && Rune.IsValid(code))
        {
            At += digits;
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

    /// <summary>Takes a character behind blanks, where it stands there.</summary>
    public bool TryTake(char c)
    {
        SkipBlanks();
        if (Current != c)
            return false;
        At++;
        return true;
    }

    /// <summary>Whether the action ends here.</summary>
    public bool AtClose() => _text.AsSpan(At).StartsWith("}}") || AtTrim();

    /// <summary>Before <c>-}}</c> stands a blank.</summary>
    private bool AtTrim() =>
        Current == '-' && _text.AsSpan(At + 1).StartsWith("}}") && (char.IsWhiteSpace(_text[At - 1]) || _text[At - 1] == '/');

    /// <summary>Takes the end of an action.</summary>
    public void Close()
    {
        SkipBlanks();
        if (AtTrim())
        {
            _trimsNext = true;
            At++;
        }
        if (!_text.AsSpan(At).StartsWith("}}"))
            throw Fault(At >= _text.Length ? "unclosed action" : $"unexpected '{Current}' in the action");
        At += 2;
    }

    /// <summary>The word that stands here; empty is none.</summary>
    public string PeekWord()
    {
        int end = At;
        while (end < _text.Length && (char.IsLetterOrDigit(_text[end]) || _text[end] == '_'))
            end++;
        return _text[At..end];
    }

    /// <summary>The character that stands here; NUL at the end.</summary>
    public char Current => At < _text.Length ? _text[At] : '\0';

    /// <summary>Goes to what is no blank.</summary>
    public void SkipBlanks()
    {
        while (char.IsWhiteSpace(Current))
            At++;
    }
}
