namespace Metrics.Routing;

/// <summary>Which alerts are to be looked at first, by the words that people use for severities.</summary>
public static class SeverityRank
{
    /// <summary>The label that says it.</summary>
    public const string Label = "severity";

    /// <summary>Higher is worse. A word that is not known lies between a warning and an error; none at all is least but for a note.
    /// </summary>
    public static int Of(string? severity) => severity?.ToLowerInvariant() switch
    {
        "critical" or "crit" or "fatal" or "emergency" or "emerg" or "disaster" or "page" or "p1" => 6,
        "error" or "err" or "high" or "major" or "alert" or "p2" => 5,
        null or "" => 1,
        "warning" or "warn" or "average" or "p3" => 3,
        "minor" or "low" or "p4" => 2,
        "info" or "informational" or "notice" or "none" or "debug" or "p5" => 0,
        _ => 4,
    };
}
