using Metrics.Model;

namespace Metrics.Rules;

/// <summary>One alert: a rule and one series of its expression.</summary>
public sealed record AlertInstance
{
    /// <summary>The series (or the vanished series) that it is about, without its metric name; unique within the rule.</summary>
    public required Labels Series { get; init; }

    /// <summary>Labels as others see them: the series' own, the rule's, and <c>alertname</c>.</summary>
    public required Labels Labels { get; init; }

    /// <summary>Where it is in its life.</summary>
    public required AlertState State { get; init; }

    /// <summary>The value judged last; NaN when there was none.</summary>
    public double Value { get; init; } = double.NaN;

    /// <summary>The bound as rendered last; NaN when there is none.</summary>
    public double Bound { get; init; } = double.NaN;

    /// <summary>Texts for people as rendered last.</summary>
    public IReadOnlyDictionary<string, string> Annotations { get; init; } = new Dictionary<string, string>();

    /// <summary>Of an alert over events: the newest that were counted when it was last out of bounds, the newest first.</summary>
    public IReadOnlyList<Event> Events { get; init; } = [];

    /// <summary>Where somebody else who has judged it tells of it; null for our own rules.</summary>
    public string? GeneratorUrl { get; init; }
}

/// <summary>A step in an alert's life.</summary>
/// <param name="Alert">The alert after the step.</param>
/// <param name="Before">Its state before.</param>
/// <param name="At">When.</param>
public sealed record AlertChange(AlertInstance Alert, AlertState Before, Timestamp At);
