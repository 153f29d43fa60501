using Metrics.Formats.Logs.Servers;
using Metrics.Formats.Syslog;
using Metrics.Model;

namespace Metrics.Formats.Logs.Security;

/// <summary>What ModSecurity writes into the error log of its server: each match of a rule is an alert.</summary>
/// <remarks>
/// <code>
/// ModSecurity: Access denied with code 403 (phase 2). … [file "…"] [line "80"] [id "949110"] [msg "…"] [severity "2"] [uri "/"] …
/// </code>
/// Values in quotes have their own quotes escaped. https://github.com/owasp-modsecurity/ModSecurity/wiki
/// </remarks>
internal static class ModSecurity
{
    /// <summary>Reads a text that begins with <c>ModSecurity:</c> and names a rule.</summary>
    public static bool TryRead(ReadOnlySpan<byte> text, LogRecord record)
    {
        if (!LogText.TryTake(ref text, "ModSecurity:"u8))
            return false;
        ReadOnlySpan<byte> id = Tag(text, "[id \""u8);
        if (id.IsEmpty)
            return false;
        record.Kind = EventKinds.IdsAlert;
        record.Set(EventFields.ObserverName, "ModSecurity");
        record.Set(EventFields.RuleId, id);
        record.Set(EventFields.RuleName, Tag(text, "[msg \""u8));
        record.Set(EventFields.UrlDomain, Tag(text, "[hostname \""u8));
        // What nginx says of the request has its query too.
        if (!record.Has(EventFields.Url))
            record.Set(EventFields.Url, Tag(text, "[uri \""u8));
        record.Set(EventFields.EventId, Tag(text, "[unique_id \""u8));
        SetSeverity(Tag(text, "[severity \""u8), record);
        int denied = text.IndexOf("Access denied with code "u8);
        record.Set(EventFields.Action, denied >= 0 ? "denied" : "warning");
        if (denied >= 0 && text.Length >= denied + 27 && LogText.IsNumber(text.Slice(denied + 24, 3)))
            record.Set(EventFields.HttpStatus, text.Slice(denied + 24, 3));
        return true;
    }

    /// <summary>A word, or syslog's number, of the rule; the server's own level says nothing of it.</summary>
    private static void SetSeverity(ReadOnlySpan<byte> severity, LogRecord record)
    {
        byte number = severity.Length == 1 && severity[0] is >= (byte)'0' and <= (byte)'7'
            ? SyslogPriority.SeverityNumber(severity[0] - '0')
            : LogLevels.NumberOf(severity);
        if (number > 0)
            record.SeverityNumber = number;
    }

    private static ReadOnlySpan<byte> Tag(ReadOnlySpan<byte> text, ReadOnlySpan<byte> start)
    {
        int at = text.IndexOf(start);
        if (at < 0)
            return default;
        text = text[(at + start.Length)..];
        int end = HttpText.EndOfQuoted(text, (byte)']');
        return end < 0 ? default : text[..end];
    }
}
