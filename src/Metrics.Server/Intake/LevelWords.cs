using Metrics.Formats.Logs;
using Metrics.Model;

namespace Metrics.Intake;

/// <summary>One vocabulary for the levels of logs: syslog's words, <c>trace</c> below them, and <c>unknown</c>.</summary>
internal static class LevelWords
{
    /// <summary>The level of a line that names none.</summary>
    public const string Unknown = "unknown";

    /// <summary>All words there are, the mildest first.</summary>
    public static readonly IReadOnlyList<string> All =
        [Unknown, "trace", "debug", "info", "notice", "warning", "err", "crit", "alert", "emerg"];

    /// <summary>The word for a source's own.</summary>
    /// <param name="level">The source's word (<c>log.level</c>), UTF-8; empty is none.</param>
    /// <param name="severity">OpenTelemetry's number, 1 to 24, which decides where nobody knows the word; 0 is unknown.</param>
    /// <remarks>https://opentelemetry.io/docs/specs/otel/logs/data-model/#field-severitynumber</remarks>
    public static string Of(ReadOnlySpan<byte> level, byte severity)
    {
        if (level.IsEmpty)
            return Unknown;
        byte known = LogLevels.NumberOf(level);
        return Of(known > 0 ? known : severity);
    }

    /// <summary>The word for OpenTelemetry's number; 0 is unknown.</summary>
    public static string Of(byte severity) => severity switch
    {
        0 => Unknown,
        < Severity.Debug => "trace",
        < Severity.Info => "debug",
        < Severity.Notice => "info",
        < Severity.Warning => "notice",
        < Severity.Error => "warning",
        < Severity.Critical => "err",
        < Severity.Alert => "crit",
        < Severity.Fatal => "alert",
        _ => "emerg",
    };
}
