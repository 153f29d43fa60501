using System.Globalization;
using System.Text;

namespace Metrics.Rules.Templates;

/// <summary>Writes texts so that they are texts where they stand, as Go's templates do.</summary>
internal static class GoEscape
{
    /// <summary>As <c>html</c>.</summary>
    public static string Html(string text) => Replace(text, c => c switch
    {
        '&' => "&amp;", '<' => "&lt;", '>' => "&gt;", '"' => "&#34;", '\'' => "&#39;", '\0' => "\uFFFD", _ => null,
    });

    /// <summary>As html/template does with what stands in HTML or in a value in quotes.</summary>
    public static string Markup(string text) => Replace(Html(text), c => c == '+' ? "&#43;" : null);

    /// <summary>As html/template does with a value without quotes.</summary>
    public static string Bare(string text) => Replace(Markup(text), c => c switch
    {
        ' ' or '\t' or '\n' or '\r' or '\v' or '\f' or '=' or '`' => $"&#{(int)c};", _ => null,
    });

    /// <summary>As <c>js</c>.</summary>
    public static string Script(string text) => Replace(text, c => c switch
    {
        '\\' => "\\\\", '\'' => "\\'", '"' => "\\\"", '<' or '>' or '&' or '=' => $"\\u{(int)c:X4}",
        < ' ' => $"\\u{(int)c:X4}", _ => null,
    });

    /// <summary>As <c>urlquery</c>.</summary>
    public static string Query(string text) => Uri.EscapeDataString(text).Replace("%20", "+", StringComparison.Ordinal);

    /// <summary>An address, in which what may not stand in one is written as <c>%20</c>.</summary>
    public static string Address(string text) => Percent(text, "!#$&*+,-./:;=?@[]_~%");

    /// <summary>A part of what follows the question mark of an address.</summary>
    public static string QueryPart(string text) => Percent(text, "-._~");

    private static string Percent(string text, string kept)
    {
        var address = new StringBuilder();
        foreach (byte b in Encoding.UTF8.GetBytes(text))
        {
            if (char.IsAsciiLetterOrDigit((char)b) || kept.Contains((char)b, StringComparison.Ordinal))
                address.Append((char)b);
            else
                address.Append(CultureInfo.InvariantCulture, $"%{b:x2}");
        }
        return address.ToString();
    }

    /// <summary>A text in JSON that may stand in HTML.</summary>
    public static string Json(string text) => $"\"{Replace(text, c => c switch
    {
        '"' => "\\\"", '\\' => "\\\\", '\n' => "\\n", '\r' => "\\r", '\t' => "\\t",
        '<' or '>' or '&' or '\u2028' or '\u2029' or < ' ' => $"\\u{(int)c:x4}", _ => null,
    })}\"";

    private static string Replace(string text, Func<char, string?> by)
    {
        StringBuilder? changed = null;
        for (int i = 0; i < text.Length; i++)
        {
            string? other = by(text[i]);
            if (other is not null)
                changed ??= new StringBuilder(text, 0, i, text.Length + 16);
            if (changed is not null)
                _ = other is null ? changed.Append(text[i]) : changed.Append(other);
        }
        return changed?.ToString() ?? text;
    }
}
