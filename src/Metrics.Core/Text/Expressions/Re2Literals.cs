using System.Buffers;
using System.Collections.Frozen;
using System.Text;

namespace Metrics.Text.Expressions;

/// <summary>
/// Reads an expression for whole values that is nothing but texts to choose from, as dashboards write them: <c>a|b</c>,
/// <c>(10\.0\.0\.1:9100|…)</c>. However many there are, they need no engine.
/// </summary>
internal static class Re2Literals
{
    private static readonly SearchValues<char> s_meta = SearchValues.Create(@"\.+*?()|[]{}^$");

    /// <summary>Letters behind a backslash that are one sign; others are a class or a place.</summary>
    private const string SignLetters = "afnrtvx";

    /// <summary>Whether an expression is the text that it matches, as it stands.</summary>
    public static bool IsPlain(ReadOnlySpan<char> pattern) => pattern.IndexOfAny(s_meta) < 0;

    /// <summary>The texts; null where it is more than that.</summary>
    /// <exception cref="ArgumentException">It is not valid; the message says why.</exception>
    public static FrozenSet<string>? Read(string pattern)
    {
        var cursor = new Re2Cursor(pattern);
        var texts = new HashSet<string>();
        cursor.Takes("^");
        bool isGroup = cursor.Takes("(?:") || cursor.Takes("(");
        do
        {
            texts.Add(Text(cursor));
        }
        while (cursor.Takes("|"));
        if (isGroup && !cursor.Takes(")"))
            return null;
        cursor.Takes("$");
        return cursor.IsAtEnd ? texts.ToFrozenSet() : null;
    }

    /// <summary>Up to what is no literal.</summary>
    private static string Text(Re2Cursor cursor)
    {
        var text = new StringBuilder();
        while (!cursor.IsAtEnd)
        {
            int plain = cursor.Rest.IndexOfAny(s_meta);
            text.Append(plain < 0 ? cursor.Rest : cursor.Rest[..plain]);
            cursor.Skip(plain < 0 ? cursor.Rest.Length : plain);
            if (cursor.Rest is not ['\\', var next, ..] || (char.IsAsciiLetter(next) && !SignLetters.Contains(next)))
                break;
            int start = cursor.At;
            int rune = Re2Escapes.Rune(cursor);
            if (!Rune.IsValid(rune))
            {
                cursor.Return(start);
                break;
            }
            text.Append(new Rune(rune));
        }
        return text.ToString();
    }
}
