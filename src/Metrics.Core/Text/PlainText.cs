namespace Metrics.Text;

/// <summary>Texts that others wrote, as they may be shown.</summary>
public static class PlainText
{
    /// <summary>A text without control characters: what others wrote must not move the cursor of our terminal.</summary>
    public static string Line(string text) =>
        text.Any(char.IsControl) ? string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c)) : text;
}
