using System.Globalization;
using System.Net;
using System.Text;
using Metrics.Routing;

namespace Metrics.Notifiers;

/// <summary>
/// The HTML part of a mail, for a phone as for a desktop. Every text of an alert is encoded; its links lead to our own address, and to the
/// runbook that its rule names.
/// </summary>
internal static class EmailHtml
{
    /// <summary>So many alerts are shown whole; of more there is a list, and the worst of them whole.</summary>
    private const int Whole = 3;

    private const int Listed = 100;

    private static readonly HashSet<string> s_runbooks = ["runbook_url", "runbook"];

    /// <summary>Said elsewhere in the mail.</summary>
    private static readonly HashSet<string> s_shown = ["summary", "description", .. s_runbooks];

    public static string Write(AlertMessage message, string? picture)
    {
        var html = new StringBuilder("<!DOCTYPE html><html><head><meta charset=\"utf-8\">"
            + "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"></head>"
            + "<body style=\"font-family:sans-serif;font-size:15px;line-height:1.4;color:#222;"
            + "margin:0 auto;padding:8px;max-width:680px\">");
        if (message.Note is not null)
            html.Append("<p><b>").Append(Encode(message.Note)).Append("</b></p>");
        List<MessageAlert> alerts = [.. message.WorstFirst];
        if (alerts.Count > Whole)
            WriteList(html, message, alerts);
        for (int i = 0; i < alerts.Count && (i == 0 || alerts.Count <= Whole); i++)
            WriteAlert(html, message, alerts[i], i == 0 ? picture : null);
        WriteLinks(html, message);
        return html.Append("</body></html>").ToString();
    }

    public static string Encode(string text) => WebUtility.HtmlEncode(text);

    private static void WriteList(StringBuilder html, AlertMessage message, List<MessageAlert> alerts)
    {
        html.Append("<h2 style=\"font-size:19px;margin:16px 0 4px\">").Append(Encode(MessageTitle.Counts(message))).Append("</h2>");
        WriteLinks(html, message);
        html.Append("<table style=\"border-collapse:collapse;width:100%\">");
        foreach (MessageAlert alert in alerts.Take(Listed))
        {
            html.Append("<tr style=\"border-bottom:1px solid #ddd\"><td style=\"padding:6px 8px 6px 0;vertical-align:top;color:")
                .Append(Colour(alert)).Append(";font-size:12px;font-weight:bold\">").Append(Encode(Word(alert)))
                .Append("</td><td style=\"padding:6px 0;overflow-wrap:anywhere\">").Append(Name(alert)).Append(' ')
                .Append(Encode(AlertPlace.Of(alert))).Append(" <span style=\"color:#555\">")
                .Append(Encode(MessageTitle.Reading(message, alert))).Append("</span></td></tr>");
        }
        html.Append("</table>");
        int more = message.Firing + message.Resolved - Math.Min(alerts.Count, Listed);
        if (more > 0)
            html.Append(CultureInfo.InvariantCulture, $"<p>and {more} more</p>");
    }

    private static void WriteAlert(StringBuilder html, AlertMessage message, MessageAlert alert, string? picture)
    {
        string colour = Colour(alert), reading = MessageTitle.Reading(message, alert);
        html.Append($"<h2 style=\"font-size:19px;margin:16px 0 4px;overflow-wrap:anywhere\"><span style=\"color:{colour}\">")
            .Append(Encode(Word(alert))).Append("</span> ").Append(Name(alert)).Append(' ').Append(Encode(AlertPlace.Of(alert)))
            .Append("</h2>");
        if (reading.Length > 0)
            html.Append($"<p style=\"font-size:17px;margin:0 0 8px;color:{colour}\"><b>").Append(Encode(reading)).Append("</b></p>");
        foreach (string text in new[] { "summary", "description" })
        {
            if (alert.Annotations.GetValueOrDefault(text, "") is { Length: > 0 } said)
                html.Append("<p style=\"margin:4px 0;overflow-wrap:anywhere\">").Append(Encode(said)).Append("</p>");
        }
        foreach (string runbook in s_runbooks.Select(r => alert.Annotations.GetValueOrDefault(r, "")).Where(r => r.Length > 0))
            html.Append("<p style=\"margin:4px 0;overflow-wrap:anywhere\">Runbook: ").Append(Linked(runbook)).Append("</p>");
        if (picture is not null)
        {
            html.Append("<p style=\"margin:8px 0\"><img src=\"cid:").Append(Encode(picture))
                .Append("\" width=\"640\" style=\"width:100%;max-width:640px;height:auto\" alt=\"The metric and its bound\"></p>");
        }
        html.Append("<table style=\"border-collapse:collapse;font-size:13px\">");
        foreach ((string name, string value) in alert.Annotations.Where(a => !s_shown.Contains(a.Key)))
            WriteRow(html, name, value);
        foreach ((string name, string value) in alert.Labels.Where(l => l.Key != "alertname"))
            WriteRow(html, name, value);
        WriteRow(html, "since", Moment(alert.StartsAt));
        if (alert.Status == "resolved")
            WriteRow(html, "until", Moment(alert.EndsAt));
        html.Append("</table>");
    }

    private static void WriteRow(StringBuilder html, string name, string value) => html
        .Append("<tr><td style=\"color:#555;padding:1px 12px 1px 0;vertical-align:top\">").Append(Encode(name))
        .Append("</td><td style=\"overflow-wrap:anywhere\">").Append(Encode(value)).Append("</td></tr>");

    /// <summary>Large enough for a thumb.</summary>
    private static void WriteLinks(StringBuilder html, AlertMessage message)
    {
        html.Append("<p style=\"margin:16px 0\">");
        foreach ((string what, string url) in MessageText.Links(message))
        {
            string look = what == "acknowledge" ? "background:#1f5fa8;color:#fff" : "background:#e8eef5;color:#1f5fa8";
            html.Append($"<a href=\"{Encode(url)}\" style=\"display:inline-block;padding:10px 16px;margin:0 8px 8px 0;border-radius:4px;")
                .Append(look).Append(";text-decoration:none\">").Append(Encode(char.ToUpperInvariant(what[0]) + what[1..])).Append("</a>");
        }
        html.Append("</p>");
    }

    /// <summary>The alert's name, which leads to its own page.</summary>
    private static string Name(MessageAlert alert)
    {
        string name = Encode(alert.Labels.GetValueOrDefault("alertname", ""));
        return alert.Source?.Page is { } page && IsWeb(page) ? $"<a href=\"{Encode(page)}\" style=\"color:#1f5fa8\">{name}</a>" : name;
    }

    /// <summary>What the reader sees is where it leads; what is no address of the web stays text.</summary>
    private static string Linked(string text)
    {
        string encoded = Encode(text);
        return IsWeb(text) ? $"<a href=\"{encoded}\" style=\"color:#1f5fa8\">{encoded}</a>" : encoded;
    }

    private static bool IsWeb(string text) => Uri.TryCreate(text, UriKind.Absolute, out Uri? url)
        && (url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps);

    private static string Word(MessageAlert alert)
    {
        if (alert.Status != "firing")
            return alert.Status.ToUpperInvariant();
        string severity = alert.Labels.GetValueOrDefault(SeverityRank.Label, "");
        return alert.IsSilent ? "NO DATA" : severity.Length > 0 ? severity.ToUpperInvariant() : "FIRING";
    }

    private static string Colour(MessageAlert alert) => alert.Status != "firing" ? "#1b7f3b"
        : alert.IsSilent || SeverityRank.Of(alert.Labels.GetValueOrDefault(SeverityRank.Label)) is 2 or 3 ? "#8a5a00"
        : SeverityRank.Of(alert.Labels.GetValueOrDefault(SeverityRank.Label)) == 0 ? "#1f5fa8" : "#b00020";

    private static string Moment(string text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset at)
            ? at.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture)
            : text;
}
