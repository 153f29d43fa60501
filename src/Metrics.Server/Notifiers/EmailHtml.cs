using System.Net;
using System.Text;

namespace Metrics.Notifiers;

/// <summary>The HTML part of a mail. Every text of an alert is encoded; links lead to our own address alone.</summary>
internal static class EmailHtml
{
    public static string Write(AlertMessage message, string? picture)
    {
        var html =
            new StringBuilder("<!DOCTYPE html><html><head><meta charset=\"utf-8\"></head><body "
                + "style=\"font-family:sans-serif;font-size:14px\">");
        if (message.Note is not null)
            html.Append("<p><b>").Append(Encode(message.Note)).Append("</b></p>");
        if (picture is not null)
            html.Append("<p><img src=\"cid:").Append(Encode(picture))
                .Append("\" width=\"640\" height=\"260\" alt=\"The metric and its threshold\"></p>");
        foreach (MessageAlert alert in message.Alerts)
            WriteAlert(html, alert);
        if (message.TruncatedAlerts > 0)
            html.Append(System.Globalization.CultureInfo.InvariantCulture, $"<p>and {message.TruncatedAlerts} more</p>");
        html.Append("<p>")
            .AppendJoin(" &middot; ", MessageText.Links(message).Select(l => $"<a href=\"{Encode(l.Url)}\">{Encode(l.What)}</a>"));
        return html.Append("</p></body></html>").ToString();
    }

    public static string Encode(string text) => WebUtility.HtmlEncode(text);

    private static void WriteAlert(StringBuilder html, MessageAlert alert)
    {
        string colour = alert.Status != "firing" ? "#1b7f3b" : alert.IsSilent ? "#8a6d00" : "#b00020";
        string word = alert.IsSilent ? "NO DATA" : alert.Status.ToUpperInvariant();
        html.Append($"<h3 style=\"color:{colour}\">").Append(Encode(word)).Append(": ")
            .Append(Encode(alert.Labels.GetValueOrDefault("alertname", ""))).Append("</h3>");
        foreach ((string name, string value) in alert.Annotations)
            html.Append("<p><b>").Append(Encode(name)).Append("</b>: ").Append(Encode(value)).Append("</p>");
        html.Append("<table>");
        foreach ((string name, string value) in alert.Labels.Where(l => l.Key != "alertname"))
            html.Append("<tr><td style=\"color:#555;padding-right:1em\">").Append(Encode(name)).Append("</td><td>").Append(Encode(value))
                .Append("</td></tr>");
        html.Append("</table><p style=\"color:#555\">since ").Append(Encode(alert.StartsAt));
        if (alert.Status == "resolved")
            html.Append(", until ").Append(Encode(alert.EndsAt));
        html.Append("</p>");
    }
}
