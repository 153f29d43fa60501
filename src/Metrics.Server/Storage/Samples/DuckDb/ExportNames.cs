using Metrics.Text;

namespace Metrics.Storage.Samples.DuckDb;

/// <summary>Which metrics are exported: by a name, or an expression that matches whole names.</summary>
internal sealed class ExportNames
{
    private readonly string? _text;
    private readonly Re2? _pattern;

    private ExportNames(string? text, Re2? pattern) => (_text, _pattern) = (text, pattern);

    /// <summary>All.</summary>
    public static readonly ExportNames All = new(null, null);

    /// <summary>Whether it is all of them.</summary>
    public bool AreAll => _text is null;

    /// <summary>Reads a name or an expression; nothing is all.</summary>
    public static bool TryParse(string? text, out ExportNames names, out string? error)
    {
        (names, error) = (All, null);
        if (string.IsNullOrEmpty(text))
            return true;
        try
        {
            names = new ExportNames(text, new Re2(text));
            return true;
        }
        catch (ArgumentException e)
        {
            error = $"the metric is '{text}'; it must be a name or a regular expression (RE2) of whole names: {e.Message}";
            return false;
        }
    }

    /// <summary>Whether a metric is one of them. What is spelled as it is matches, whatever it means as an expression.</summary>
    public bool Contains(string name) => _text is null || name == _text || _pattern!.IsMatch(name);
}
