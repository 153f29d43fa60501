using System.Collections.Frozen;

namespace Metrics.Intake;

/// <summary>One vocabulary for the levels of logs: syslog's words, <c>trace</c> below them, and <c>unknown</c>.</summary>
internal static class LevelWords
{
    /// <summary>The level of a line that names none.</summary>
    public const string Unknown = "unknown";

    /// <summary>All words there are, the mildest first.</summary>
    public static readonly IReadOnlyList<string> All =
        [Unknown, "trace", "debug", "info", "notice", "warning", "err", "crit", "alert", "emerg"];

    private static readonly FrozenDictionary<string, string> s_words = new (string Word, string[] Also)[]
    {
        ("trace", []),
        ("debug", ["dbg"]),
        ("info", ["inf", "information", "informational"]),
        ("notice", ["note", "audit"]),
        ("warning", ["warn", "wrn"]),
        ("err", ["error"]),
        ("crit", ["critical"]),
        ("alert", []),
        ("emerg", ["emergency", "emer", "fatal", "panic"]),
    }
    .SelectMany(w => w.Also.Append(w.Word).Select(also => KeyValuePair.Create(also, w.Word)))
    .ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    /// <summary>The word for a source's own.</summary>
    /// <param name="level">The source's word (<c>log.level</c>); null is none.</param>
    /// <param name="severity">OpenTelemetry's number, 1 to 24, which decides where nobody knows the word; 0 is unknown.</param>
    /// <remarks>https://opentelemetry.io/docs/specs/otel/logs/data-model/#field-severitynumber</remarks>
    public static string Of(string? level, byte severity)
    {
        if (string.IsNullOrEmpty(level))
            return Unknown;
        return s_words.TryGetValue(level, out string? word) ? word : severity switch
        {
            0 => Unknown,
            <= 4 => "trace",
            <= 8 => "debug",
            9 => "info",
            <= 12 => "notice",
            <= 16 => "warning",
            17 => "err",
            18 => "crit",
            <= 20 => "alert",
            _ => "emerg",
        };
    }
}
