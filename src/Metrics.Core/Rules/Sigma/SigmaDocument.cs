using Metrics.Text;

namespace Metrics.Rules.Sigma;

/// <summary>A document of a Sigma file: what stands in a rule and in a correlation alike.</summary>
/// <remarks>https://github.com/SigmaHQ/sigma-specification</remarks>
internal sealed class SigmaDocument
{
    private static readonly string[] s_levels = ["informational", "low", "medium", "high", "critical"];

    private readonly YamlMap _map;

    /// <param name="map">The document.</param>
    /// <param name="file">Its file.</param>
    public SigmaDocument(YamlMap map, string file)
    {
        _map = map;
        Faults = new SigmaFaults(file);
        File = file;
        Title = Text("title") ?? "";
        if (Title.Trim().Length == 0)
            Faults.Add(SigmaReason.Broken, map, "title is required");
        Level = Text("level") ?? "medium";
        if (!s_levels.Contains(Level))
            Faults.Add(SigmaReason.Broken, map["level"]!, $"level is '{Level}'; allowed are {string.Join(", ", s_levels)}");
        if (Text("status") is "deprecated" or "unsupported")
            Faults.Add(SigmaReason.Status, map["status"]!, $"its status is {Text("status")}: its authors say not to use it");
        if (map["action"] is { } action)
            Faults.Add(SigmaReason.Condition, action, "collections by 'action' are of Sigma before 2; write each rule whole");
        if (map["filter"] is { } filter)
            Faults.Add(SigmaReason.Condition, filter, "filters of other rules are not supported; write the exception into the rule");
    }

    /// <summary>Its file.</summary>
    public string File { get; }

    /// <summary>Where it begins.</summary>
    public YamlMap Content => _map;

    /// <summary>File and line.</summary>
    public string Location => $"{File}:{_map.Line}";

    /// <summary>What is wrong with it.</summary>
    public SigmaFaults Faults { get; }

    /// <summary>Its title.</summary>
    public string Title { get; }

    /// <summary>Its id, a UUID; empty without.</summary>
    public string Id => Text("id") ?? "";

    /// <summary>The name by which correlations refer to it; empty without.</summary>
    public string Name => Text("name") ?? "";

    /// <summary>How correlations refer to it.</summary>
    public string Reference => Name.Length > 0 ? Name : Id;

    /// <summary>How bad it is: informational, low, medium, high, critical.</summary>
    public string Level { get; }

    /// <summary>What it correlates; null of a rule.</summary>
    public YamlMap? Correlation => Map("correlation");

    /// <summary>Whether it puts other rules together.</summary>
    public bool IsCorrelation => _map["correlation"] is not null;

    /// <summary>Which logs it is about; null is missing.</summary>
    public YamlMap? Logsource => Map("logsource");

    /// <summary>Its selections and condition; null is missing.</summary>
    public YamlMap? Detection => Map("detection");

    /// <summary>A text; null where it is not there or is none.</summary>
    public string? Text(string key) => TextOf(_map, key);

    /// <summary>A text of a mapping; null where it is not there or is none.</summary>
    public static string? TextOf(YamlMap map, string key) => map[key] is YamlText { IsNull: false } text ? text.Text : null;

    /// <summary>A text, or the texts of a list, on one line each.</summary>
    public string Lines(string key) => string.Join('\n', TextsOf(_map[key]).Select(t => t.Text));

    /// <summary>The texts of a list; a single text counts as a list of one.</summary>
    public static IEnumerable<YamlText> TextsOf(YamlValue? value) => value switch
    {
        YamlText { IsNull: false } text => [text],
        YamlList list => list.Items.OfType<YamlText>(),
        _ => [],
    };

    private YamlMap? Map(string key)
    {
        switch (_map[key])
        {
            case YamlMap map:
                return map;
            case null or YamlText { IsNull: true }:
                return null;
            case var other:
                if (!Faults.All.Any(f => f.Line == other.Line && f.Column == other.Column))
                    Faults.Add(SigmaReason.Broken, other, $"{key} must be a mapping");
                return null;
        }
    }
}
