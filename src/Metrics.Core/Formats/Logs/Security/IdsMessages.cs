using Metrics.Model;

namespace Metrics.Formats.Logs.Security;

/// <summary>What Suricata and Snort send to syslog: an alert in one line without its time, or EVE.</summary>
/// <remarks>
/// <code>
/// snort[123]: [1:2001219:20] ET SCAN … [Classification: …] [Priority: 2]: {TCP} 192.0.2.7:50022 -> 198.51.100.9:22
/// suricata[99]: {"timestamp":"2026-11-26T10:00:00.123456+0100","event_type":"alert", …}
/// </code>
/// </remarks>
public static class IdsMessages
{
    /// <summary>Suricata's texts.</summary>
    public static LogMessageFormat Suricata { get; } = new("suricata", TryRead, "suricata");

    /// <summary>Snort's texts.</summary>
    public static LogMessageFormat Snort { get; } = new("snort", TryRead, "snort", "snort3");

    private static bool TryRead(ReadOnlySpan<byte> message, LogRecord record)
    {
        if (message.StartsWith("{"u8))
            return SuricataEve.TryRead(message, TimeZoneInfo.Utc, record);
        bool isDrop = LogText.TryTake(ref message, "[Drop] "u8);
        if (!SnortAlert.TryReadAlert(message, hasPorts: false, record))
            return false;
        record.Set(EventFields.Action, isDrop ? "blocked" : "allowed");
        return true;
    }
}
