using System.Text.RegularExpressions;

namespace Metrics.Rules.Templates;

/// <summary>
/// Which of two languages a text is written in: ours, which is Scriban's, or Go's, as texts written for Prometheus and Alertmanager are.
/// </summary>
/// <remarks>
/// The rule: a text with a sign of Go is read as Go's, and as Scriban's where it is none; all others are read as Scriban's, and as Go's
/// where they are none. What is wrong is said of the language that the text looks like.
/// </remarks>
internal static partial class TemplateDialect
{
    private static readonly string[] s_signs =
    [
        "$labels", "$value", "$external", ".Labels", ".Value", ".External", "printf", "{{-", "-}}", "{{ range", "{{range", "{{ with",
        "{{with",
    ];

    private static readonly string[] s_certain =
        ["can't evaluate field", "undefined variable", "wrong number of args", "non-function", "not defined"];

    /// <summary>Reads a text as one of the two.</summary>
    public delegate bool Reader<T>(string text, out T? template, out string? error);

    /// <summary>Reads a text by the rule.</summary>
    public static bool TryRead<T>(string text, Reader<T> scriban, Reader<T> go, out T? template, out string? error)
    {
        if (!LooksLikeGo(text))
            return scriban(text, out template, out error) || go(text, out template, out _);
        if (go(text, out template, out error))
            return true;
        return IsClosed(text) && scriban(text, out template, out _);
    }

    /// <summary>Whether what a trial with made-up data met is wrong with any data.</summary>
    public static bool IsCertain(TemplateException e) =>
        Array.Exists(s_certain, part => e.Message.Contains(part, StringComparison.Ordinal));

    /// <summary>Whether a text has a sign of Go.</summary>
    private static bool LooksLikeGo(string text) =>
        Array.Exists(s_signs, sign => text.Contains(sign, StringComparison.Ordinal)) || Sign().IsMatch(text);

    /// <summary>Scriban takes an action that is never closed for text; whoever wrote it meant an action.</summary>
    private static bool IsClosed(string text) =>
        text.LastIndexOf("}}", StringComparison.Ordinal) > text.LastIndexOf("{{", StringComparison.Ordinal);

    /// <summary>A field of the dot, the dot itself, a comment, or a word that begins an action in Go alone.</summary>
    [GeneratedRegex(@"\{\{-?\s*(/\*|(template|define|block)\s+[""`])|\{\{[^}""`]*[\s({]\.([A-Za-z_]|\s|\)|\||\}\})|\$\.|\$\w*\s*:=")]
    private static partial Regex Sign();
}
