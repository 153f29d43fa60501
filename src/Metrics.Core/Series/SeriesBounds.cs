using Metrics.Model;

namespace Metrics.Series;

/// <summary>
/// What a sample may be, whatever way it came: what is beyond is refused where it would enter the head, so that nothing behind that (store,
/// spool, queries, pages) ever meets it.
/// </summary>
public static class SeriesBounds
{
    /// <summary>Oldest time, milliseconds since 1970 UTC: 1970 itself. The newest is a little ahead of our clock.</summary>
    public const long MinTime = 0;

    /// <summary>Labels of a series, its name among them.</summary>
    public const int MaxLabels = 128;

    /// <summary>Characters of a label's name.</summary>
    public const int MaxNameLength = 1_024;

    /// <summary>Characters of a label's value, a metric's name among them.</summary>
    public const int MaxValueLength = 16_384;

    /// <summary>Characters of all names and values together.</summary>
    public const int MaxLength = 65_536;

    /// <summary>What is wrong with the labels of a series; null when nothing is.</summary>
    public static string? Fault(Labels labels)
    {
        if (labels.Count > MaxLabels)
            return $"has {labels.Count} labels, more than {MaxLabels}";
        int length = 0;
        foreach (Label label in labels)
        {
            if (label.Name.Length is 0 or > MaxNameLength)
                return $"has a label whose name has {label.Name.Length} characters; 1 to {MaxNameLength} are allowed";
            if (label.Value.Length > MaxValueLength)
                return $"has a label {label.Name} of {label.Value.Length} characters, more than {MaxValueLength}";
            length += label.Name.Length + label.Value.Length;
        }
        return length > MaxLength ? $"has labels of {length} characters together, more than {MaxLength}" : null;
    }
}
