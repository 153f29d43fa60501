using Metrics.Model;

namespace Metrics.Formats.Syslog;

/// <summary>Words and numbers of facility and severity (RFC 5424, section 6.2.1; words as in syslog.h).</summary>
public static class SyslogPriority
{
    private static readonly string[] s_facilities =
    [
        "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp", "ntp", "audit", "alert",
        "clock", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
    ];

    private static readonly string[] s_levels = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"];

    private static readonly string[] s_numbers =
        [.. Enumerable.Range(0, 192).Select(p => p.ToString(System.Globalization.CultureInfo.InvariantCulture))];

    private static ReadOnlySpan<byte> SeverityNumbers =>
    [
        Severity.Fatal, Severity.Alert, Severity.Critical, Severity.Error,
        Severity.Warning, Severity.Notice, Severity.Info, Severity.Debug,
    ];

    /// <summary>The facility's word, such as <c>authpriv</c>.</summary>
    /// <param name="priority">0 to 191.</param>
    public static string Facility(int priority) => s_facilities[priority >> 3];

    /// <summary>The severity's word, such as <c>warning</c>.</summary>
    /// <param name="priority">0 to 191.</param>
    public static string Level(int priority) => s_levels[priority & 7];

    /// <summary>The severity as OpenTelemetry counts it, 5 to 21; 0 where none was sent.</summary>
    /// <param name="priority">0 to 191, or -1.</param>
    /// <remarks>https://opentelemetry.io/docs/specs/otel/logs/data-model-appendix/#appendix-b-severitynumber-example-mappings</remarks>
    public static byte SeverityNumber(int priority) => priority < 0 ? (byte)0 : SeverityNumbers[priority & 7];

    /// <summary>The priority in digits.</summary>
    /// <param name="priority">0 to 191.</param>
    public static string Number(int priority) => s_numbers[priority];
}
