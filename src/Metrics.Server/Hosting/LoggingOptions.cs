using Metrics.Text;

namespace Metrics.Hosting;

/// <summary>What the daemon writes of itself, and in which form: the section <c>logging</c>.</summary>
internal sealed record LoggingOptions
{
    /// <summary>Says each request with its address, in which signed links and tokens stand.</summary>
    private const string Requests = "Microsoft.AspNetCore.Hosting.Diagnostics";

    private static readonly string[] s_levels = ["debug", "info", "warn", "error"];

    /// <summary>The least severe that is written. Default info; a reload changes it at once.</summary>
    public LogLevel Level { get; init; } = LogLevel.Information;

    /// <summary>
    /// The same of categories by their names or what these begin with, such as <c>Metrics.Inputs</c>. Default none; a reload changes it at
    /// once.
    /// </summary>
    public IReadOnlyDictionary<string, LogLevel> Levels { get; init; } = new Dictionary<string, LogLevel>();

    /// <summary>Whether each line is a JSON object. Default false; changes at the next start.</summary>
    public bool IsJson { get; init; }

    public static LoggingOptions Read(YamlSection section)
    {
        var levels = new Dictionary<string, LogLevel>();
        foreach ((YamlText category, YamlText level) in section.TextEntries("levels"))
        {
            if (s_levels.Contains(level.Text))
                levels[category.Text.TrimEnd('.')] = LevelOf(level.Text);
            else
                section.Report("levels", $"has '{level.Text}' for {category.Text}; allowed are {string.Join(", ", s_levels)}");
        }
        return new LoggingOptions
        {
            Level = LevelOf(section.Choice("level", "info", s_levels)),
            Levels = levels,
            IsJson = section.Choice("format", "text", "text", "json") == "json",
        };
    }

    /// <summary>Whether a message is written.</summary>
    /// <param name="category">Its category.</param>
    /// <param name="level">How severe it is.</param>
    /// <param name="floor">Below this it is not of interest, unless its category is named.</param>
    public bool Writes(string category, LogLevel level, LogLevel floor)
    {
        (int longest, LogLevel named) = (-1, LogLevel.None);
        foreach ((string prefix, LogLevel asked) in Levels)
        {
            if (prefix.Length > longest && IsBelow(category, prefix))
                (longest, named) = (prefix.Length, asked);
        }
        if (longest < Requests.Length && named < LogLevel.Warning && IsBelow(category, Requests))
            named = LogLevel.Warning;
        return level >= (longest >= 0 ? named : Level > floor ? Level : floor);
    }

    /// <summary>Whether a category is one, or below it.</summary>
    internal static bool IsBelow(string category, string prefix) => category.StartsWith(prefix, StringComparison.OrdinalIgnoreCase)
        && (category.Length == prefix.Length || category[prefix.Length] == '.');

    private static LogLevel LevelOf(string text) => text switch
    {
        "debug" => LogLevel.Debug,
        "warn" => LogLevel.Warning,
        "error" => LogLevel.Error,
        _ => LogLevel.Information,
    };
}
