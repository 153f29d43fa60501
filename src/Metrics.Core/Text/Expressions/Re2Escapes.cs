using System.Collections.Concurrent;

namespace Metrics.Text.Expressions;

/// <summary>Reads what begins with a backslash: one code point, or a class.</summary>
internal static class Re2Escapes
{
    private static readonly RuneSet s_digits = RuneSet.Of([('0', '9')]);

    private static readonly RuneSet s_blanks = RuneSet.Of([('\t', '\n'), ('\f', '\r'), (' ', ' ')]);

    private static readonly RuneSet s_word = RuneSet.Of([('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')]);

    /// <summary>Of the classes that have names; there are a few hundred.</summary>
    private static readonly ConcurrentDictionary<(RuneSet Set, bool Folds, bool IsInverted), RuneSet> s_finished = [];

    /// <summary>A class such as <c>\d</c> or <c>\p{Greek}</c>; null where none comes next.</summary>
    public static RuneSet? Class(Re2Cursor cursor, bool folds)
    {
        ReadOnlySpan<char> rest = cursor.Rest;
        if (rest.Length < 2 || rest[0] != '\\')
            return null;
        if (rest[1] is 'p' or 'P')
            return UnicodeClass(cursor, folds);
        RuneSet? set = char.ToLowerInvariant(rest[1]) switch { 'd' => s_digits, 's' => s_blanks, 'w' => s_word, _ => null };
        if (set is null)
            return null;
        bool isInverted = char.IsAsciiLetterUpper(rest[1]);
        cursor.Skip(2);
        return Finished(set, folds, isInverted);
    }

    /// <summary>A class that has a name as it counts: folded first, then inverted. It is the same object each time.</summary>
    public static RuneSet Finished(RuneSet set, bool folds, bool isInverted) => s_finished.GetOrAdd((set, folds, isInverted), key =>
    {
        RuneSet folded = key.Folds ? CaseFolding.Fold(key.Set) : key.Set;
        return key.IsInverted ? folded.Inverted() : folded;
    });

    /// <summary>The code point of an escape.</summary>
    public static int Rune(Re2Cursor cursor)
    {
        int start = cursor.At;
        cursor.Skip(1);
        if (cursor.IsAtEnd)
            throw cursor.Wrong("ends with a backslash");
        int kind = cursor.Next();
        switch (kind)
        {
            case 'a':
                return '\a';
            case 'f':
                return '\f';
            case 'n':
                return '\n';
            case 'r':
                return '\r';
            case 't':
                return '\t';
            case 'v':
                return '\v';
            case 'x':
                return Hex(cursor, start);
            case '0':
            case >= '1' and <= '7' when cursor.Rest is [>= '0' and <= '7', ..]:
                return Octal(cursor, kind - '0');
            case >= '1' and <= '9':
                throw cursor.Wrong($"has {cursor.Since(start)}: back-references are not part of RE2");
            case < 0x80 when !char.IsAsciiLetterOrDigit((char)kind):
                return kind;
            default:
                throw cursor.Wrong($"has {cursor.Since(start)}, which is no escape of RE2");
        }
    }

    private static int Octal(Re2Cursor cursor, int value)
    {
        for (int i = 1; i < 3 && cursor.Rest is [>= '0' and <= '7', ..]; i++)
            value = (value * 8) + cursor.Next() - '0';
        return value;
    }

    private static int Hex(Re2Cursor cursor, int start)
    {
        bool isBraced = cursor.Takes("{");
        int value = 0;
        int digits = 0;
        while (value <= RuneSet.Last && (isBraced || digits < 2) && cursor.Rest is [var digit, ..] && char.IsAsciiHexDigit(digit))
        {
            value = (value * 16) + Convert.ToInt32($"{digit}", 16);
            digits++;
            cursor.Skip(1);
        }
        if (value > RuneSet.Last || digits == 0 || (isBraced ? !cursor.Takes("}") : digits < 2))
            throw cursor.Wrong($"has {cursor.Since(start)}; a code point is \\x7F or \\x{{10FFFF}}");
        return value;
    }

    private static RuneSet UnicodeClass(Re2Cursor cursor, bool folds)
    {
        int start = cursor.At;
        bool isInverted = cursor.Rest[1] == 'P';
        cursor.Skip(2);
        string name;
        if (cursor.Takes("{"))
        {
            int end = cursor.Rest.IndexOf('}');
            if (end < 0)
                throw cursor.Wrong($"has {cursor.Since(start)} without its }}");
            name = cursor.Rest[..end].ToString();
            cursor.Skip(end + 1);
        }
        else
        {
            int at = cursor.At;
            cursor.Next();
            name = cursor.Since(at);
        }
        if (name.StartsWith('^'))
        {
            isInverted = !isInverted;
            name = name[1..];
        }
        RuneSet set = UnicodeClasses.Find(name)
            ?? throw cursor.Wrong($"has {cursor.Since(start)}: '{name}' is no category or script of Unicode that is known here");
        return Finished(set, folds, isInverted);
    }
}
