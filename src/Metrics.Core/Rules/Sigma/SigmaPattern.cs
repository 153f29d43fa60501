using System.Text;

namespace Metrics.Rules.Sigma;

/// <summary>A text with wildcards as Sigma has them: <c>*</c> is any text, <c>?</c> any one character; case does not count.</summary>
/// <remarks>A backslash before a wildcard or another backslash takes it as it is; elsewhere it is a backslash.</remarks>
internal sealed class SigmaPattern
{
    /// <summary>Stands for <c>?</c>: a character that no text has, a noncharacter of Unicode.</summary>
    private const char AnyOne = '\uFFFF';

    private readonly string[] _parts;
    private readonly StringComparison _comparison;

    private SigmaPattern(string[] parts, bool isCased)
    {
        _parts = parts;
        _comparison = isCased ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase;
    }

    /// <summary>The text, where there are no wildcards in it; null otherwise.</summary>
    public string? Literal => _parts is [var only] && !only.Contains(AnyOne, StringComparison.Ordinal) ? only : null;

    /// <summary>The text that it contains with anything around it, where that is all; null otherwise.</summary>
    public string? Contained => _parts is ["", var only, ""] && !only.Contains(AnyOne, StringComparison.Ordinal) ? only : null;

    /// <summary>The longest text that must stand in whatever it matches; empty where there is none.</summary>
    public string Needed => _parts.SelectMany(p => p.Split(AnyOne)).MaxBy(p => p.Length)!;

    /// <summary>Reads a value.</summary>
    /// <param name="value">As it is written.</param>
    /// <param name="startsAnywhere">Whether anything may stand before it.</param>
    /// <param name="endsAnywhere">Whether anything may stand behind it.</param>
    /// <param name="isCased">Whether case counts.</param>
    public static SigmaPattern Read(string value, bool startsAnywhere, bool endsAnywhere, bool isCased)
    {
        List<string> parts = Split(value);
        if (startsAnywhere && parts[0].Length > 0)
            parts.Insert(0, "");
        if (endsAnywhere && parts[^1].Length > 0)
            parts.Add("");
        if ((startsAnywhere || endsAnywhere) && parts.Count == 1)
            parts = ["", ""];
        return new SigmaPattern([.. parts.Where((p, i) => p.Length > 0 || i == 0 || i == parts.Count - 1)], isCased);
    }

    /// <summary>The text of a value without wildcards; null where it has some.</summary>
    public static string? Plain(string value) =>
        Split(value) is [var only] && !only.Contains(AnyOne, StringComparison.Ordinal) ? only : null;

    /// <summary>Whether a text is as the pattern has it. Takes time linear in the text for each part between two <c>*</c>.</summary>
    public bool IsMatch(string text)
    {
        ReadOnlySpan<char> rest = text;
        string first = _parts[0], last = _parts[^1];
        if (_parts.Length == 1)
            return rest.Length == first.Length && StandsAt(rest, first);
        if (rest.Length < first.Length + last.Length || !StandsAt(rest, first) || !StandsAt(rest[^last.Length..], last))
            return false;
        rest = rest[first.Length..^last.Length];
        foreach (string part in _parts.AsSpan(1, _parts.Length - 2))
        {
            int at = IndexOf(rest, part);
            if (at < 0)
                return false;
            rest = rest[(at + part.Length)..];
        }
        return true;
    }

    private int IndexOf(ReadOnlySpan<char> text, string part)
    {
        if (!part.Contains(AnyOne, StringComparison.Ordinal))
            return text.IndexOf(part, _comparison);
        for (int at = 0; at + part.Length <= text.Length; at++)
        {
            if (StandsAt(text[at..], part))
                return at;
        }
        return -1;
    }

    private bool StandsAt(ReadOnlySpan<char> text, ReadOnlySpan<char> part)
    {
        if (text.Length < part.Length)
            return false;
        while (part.IndexOf(AnyOne) is >= 0 and var at)
        {
            if (!text[..at].Equals(part[..at], _comparison))
                return false;
            text = text[(at + 1)..];
            part = part[(at + 1)..];
        }
        return text.StartsWith(part, _comparison);
    }

    private static List<string> Split(string value)
    {
        var parts = new List<string>();
        var part = new StringBuilder();
        for (int i = 0; i < value.Length; i++)
        {
            char c = value[i];
            if (c == '\\' && i + 1 < value.Length && value[i + 1] is '\\' or '*' or '?')
                part.Append(value[++i]);
            else if (c == '?')
                part.Append(AnyOne);
            else if (c != '*')
                part.Append(c);
            else
            {
                parts.Add(part.ToString());
                part.Clear();
            }
        }
        parts.Add(part.ToString());
        return parts;
    }
}
