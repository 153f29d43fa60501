namespace Metrics.Tests;

/// <summary>A line of C#, and what of it is code: all but the texts in it. What stands in a hole of a text is code again.</summary>
internal sealed class SourceLine(string line)
{
    private int _at;
    private int _text;

    /// <summary>Columns that no text takes.</summary>
    public static int CodeColumns(string line)
    {
        var read = new SourceLine(line);
        read.SkipCode(inHole: false);
        return line.Length - read._text;
    }

    /// <summary>Goes up to the end of the line, or to the brace that ends a hole.</summary>
    private void SkipCode(bool inHole)
    {
        for (int depth = 0; _at < line.Length; _at++)
        {
            char c = line[_at];
            depth += c == '{' ? 1 : c == '}' ? -1 : 0;
            if (inHole && depth < 0)
                return;
            if (c == '/' && StartsWith("//") && !inHole)
                _at = line.Length;
            else if (c == '\'' && (StartsWith("'\\") || (_at + 2 < line.Length && line[_at + 2] == '\'')))
                _at = Math.Max(_at, line.IndexOf('\'', Math.Min(line.Length, _at + (StartsWith("'\\") ? 3 : 2))));
            else if (c == '"')
                SkipText();
        }
    }

    /// <summary>Goes from a text's first quote to its last.</summary>
    private void SkipText()
    {
        int before = _at;
        while (before > 0 && line[before - 1] is '$' or '@')
            before--;
        bool isVerbatim = line[before.._at].Contains('@'), hasHoles = line[before.._at].Contains('$');
        string quotes = StartsWith("\"\"\"") ? "\"\"\"" : "\"";
        for (_at += quotes.Length; _at < line.Length; _at++)
        {
            if (StartsWith(quotes) && !(isVerbatim && StartsWith("\"\"")))
            {
                _at += quotes.Length - 1;
                return;
            }
            if (hasHoles && line[_at] == '{' && !StartsWith("{{"))
            {
                _at++;
                SkipCode(inHole: true);
                continue;
            }
            bool isPair = StartsWith("{{") || (quotes.Length == 1 && (isVerbatim ? StartsWith("\"\"") : line[_at] == '\\'));
            _text += isPair ? 2 : 1;
            _at += isPair ? 1 : 0;
        }
    }

    private bool StartsWith(string text) => string.CompareOrdinal(line, _at, text, 0, text.Length) == 0;
}
