using System.Globalization;
using System.Text;

namespace Metrics.Notifiers;

/// <summary>What a message says where its receiver has no template: a title in one line, and a plain text.</summary>
internal static class MessageText
{
    /// <inheritdoc cref="MessageTitle.Of"/>
    public static string Title(AlertMessage message) => MessageTitle.Of(message);

    public static string Plain(AlertMessage message)
    {
        if (message.Report is { } report)
            return report.Plain;
        var text = new StringBuilder();
        if (message.Note is not null)
            text.AppendLine(message.Note).AppendLine();
        foreach (MessageAlert alert in message.WorstFirst)
        {
            text.Append(alert.Status.ToUpperInvariant()).Append(": ").AppendLine(alert.Labels.GetValueOrDefault("alertname", ""));
            if (MessageTitle.Reading(message, alert) is { Length: > 0 } reading)
                text.Append("  ").AppendLine(reading);
            foreach ((string name, string value) in alert.Annotations)
                text.Append("  ").Append(name).Append(": ").AppendLine(value);
            text.AppendLine("  labels:");
            foreach ((string name, string value) in alert.Labels.Where(l => l.Key != "alertname"))
                text.Append("    ").Append(name).Append(" = ").AppendLine(value);
            text.Append("  since ").AppendLine(alert.StartsAt);
            if (alert.Status == "resolved")
                text.Append("  until ").AppendLine(alert.EndsAt);
            if (alert.Source?.Page is { } page)
                text.Append("  ").AppendLine(page);
            text.AppendLine();
        }
        if (message.TruncatedAlerts > 0)
            text.AppendLine(CultureInfo.InvariantCulture, $"and {message.TruncatedAlerts} more").AppendLine();
        foreach ((string what, string url) in Links(message))
            text.Append(what).Append(": ").AppendLine(url);
        return text.ToString();
    }

    /// <summary>Where a reader can go from here.</summary>
    public static IEnumerable<(string What, string Url)> Links(AlertMessage message)
    {
        if (message.Links?.Acknowledge is { } acknowledge)
            yield return ("acknowledge", acknowledge);
        if (message.Links?.Silence is { } silence)
            yield return ("silence", silence);
        yield return ("alerts", $"{message.ExternalUrl}/alerts");
    }

    /// <summary>
    /// A text without line breaks and other control characters, and without signs that are not seen and turn others around.
    /// </summary>
    public static string OneLine(string text) =>
        string.Join(' ',
            string.Concat(text.EnumerateRunes().Select(r => Rune.GetUnicodeCategory(r) switch
            {
                UnicodeCategory.Format => "",
                UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator => " ",
                _ => r.ToString(),
            }))
            .Split(' ', StringSplitOptions.RemoveEmptyEntries));

    /// <summary>A text that is cut at its end where it is too long, between two signs that belong together nowhere.</summary>
    public static string Shorten(string text, int longest)
    {
        if (text.Length <= longest)
            return text;
        int end = char.IsHighSurrogate(text[longest - 2]) ? longest - 2 : longest - 1;
        return text[..end].TrimEnd() + "…";
    }
}
