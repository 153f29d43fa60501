using System.Globalization;
using System.Text;
using Metrics.Model;

namespace Metrics.Query.Syntax;

/// <summary>Bytes of a text that are no UTF-8, which Go's strings hold: each is a lone low surrogate, which no text has.</summary>
internal static class RawBytes
{
    private const char First = '\uDC00';

    public static char ToChar(byte value) => (char)(First + value);

    /// <summary>Whether a text holds such bytes, or stands for one that did.</summary>
    public static bool AreIn(string text) => text.Contains('\uFFFD', StringComparison.Ordinal) || IndexIn(text) >= 0;

    /// <summary>A text in quotes, such bytes as <c>\xc5</c>.</summary>
    public static string Quote(string text)
    {
        var quoted = new StringBuilder("\"");
        while (IndexIn(text) is >= 0 and var at)
        {
            quoted.Append(Labels.Quote(text[..at])[1..^1]).Append(CultureInfo.InvariantCulture, $"\\x{(byte)(text[at] - First):x2}");
            text = text[(at + 1)..];
        }
        return quoted.Append(Labels.Quote(text)[1..]).ToString();
    }

    private static int IndexIn(string text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            if (char.IsLowSurrogate(text[i]) && (i == 0 || !char.IsHighSurrogate(text[i - 1])))
                return i;
        }
        return -1;
    }
}
