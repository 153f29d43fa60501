using System.Globalization;
using System.Text;
using Metrics.Formats.EventJson;
using Metrics.Model;
using Metrics.Notifiers;
using Metrics.Text;

namespace Metrics.Reports;

/// <summary>A report as plain text and as a page. What others have chosen is one line each, and encoded in the page.</summary>
internal static class ReportRenderer
{
    private const int LongestCell = 1000;
    private const string Style = "font-family:sans-serif;font-size:14px";

    /// <summary>Both forms.</summary>
    public static ReportText Render(SecurityReport report, string externalUrl)
    {
        SecurityReport clean = report with
        {
            Name = Cell(report.Name),
            Parts =
            [
                .. report.Parts.Select(p => p with { Note = Cell(p.Note), Rows = [.. p.Rows.Select(r => Array.ConvertAll(r, Cell))] }),
            ],
        };
        string title = $"[REPORT] {clean.Name}: {Time(clean.Span.From)} to {Time(clean.Span.To)} UTC";
        return new ReportText(title, Plain(clean, title, externalUrl), Html(clean, title, externalUrl));
    }

    /// <summary>A time to the minute, as UTC has it; empty where it is not known.</summary>
    /// <param name="nanoseconds">Since 1970 UTC.</param>
    public static string Time(long? nanoseconds) => nanoseconds is { } known and > 0 ? EventTime.Format(known)[..16].Replace('T', ' ') : "";

    private static string Plain(SecurityReport report, string title, string externalUrl)
    {
        var text = new StringBuilder(title).Append(", as all times here").AppendLine().AppendLine();
        using var table = new StringWriter(text, CultureInfo.InvariantCulture);
        foreach (ReportPart part in report.Parts)
        {
            text.AppendLine(part.Title).Append('-', part.Title.Length).AppendLine();
            if (part.Note.Length > 0)
                text.AppendLine(part.Note);
            if (part.Rows.Count > 0)
                new TextTable([.. part.Columns]).Write(part.Rows, table);
            if (part.More > 0)
                text.AppendLine(More(part));
            text.AppendLine();
        }
        return text.AppendLine(externalUrl).ToString();
    }

    private static string Html(SecurityReport report, string title, string externalUrl)
    {
        var html = new StringBuilder(
            $"<!DOCTYPE html><html><head><meta charset=\"utf-8\"><title>{Encode(title)}</title></head><body style=\"{Style}\">");
        html.Append("<h2>").Append(Encode(report.Name)).Append("</h2><p>").Append(Time(report.Span.From)).Append(" to ")
            .Append(Time(report.Span.To)).Append(" UTC, as all times here.</p>");
        foreach (ReportPart part in report.Parts)
        {
            html.Append("<h3>").Append(Encode(part.Title)).Append("</h3>");
            if (part.Note.Length > 0)
                html.Append("<p>").Append(Encode(part.Note)).Append("</p>");
            if (part.Rows.Count > 0)
                WriteHtmlTable(html, part);
            if (part.More > 0)
                html.Append("<p>").Append(More(part)).Append("</p>");
        }
        string url = Encode(externalUrl);
        return html.Append($"<p><a href=\"{url}\">{url}</a></p></body></html>").ToString();
    }

    private static void WriteHtmlTable(StringBuilder html, ReportPart part)
    {
        const string Line = "text-align:left;padding:2px 1em 2px 0;border-bottom:1px solid #ddd;vertical-align:top";
        html.Append("<table style=\"border-collapse:collapse\"><tr>");
        foreach (string column in part.Columns)
            html.Append($"<th style=\"{Line};color:#555\">").Append(Encode(column)).Append("</th>");
        foreach (string[] row in part.Rows)
        {
            html.Append("</tr><tr>");
            foreach (string cell in row)
                html.Append($"<td style=\"{Line}\">").Append(Encode(cell)).Append("</td>");
        }
        html.Append("</tr></table>");
    }

    private static string Cell(string text)
    {
        string line = MessageText.OneLine(text);
        return line.Length <= LongestCell ? line : EventBounds.Cut(line, LongestCell) + "…";
    }

    private static string More(ReportPart part) => string.Create(CultureInfo.InvariantCulture, $"and {part.More} more");

    private static string Encode(string text) => EmailHtml.Encode(text);
}
