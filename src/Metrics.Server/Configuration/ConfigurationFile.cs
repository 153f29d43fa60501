using System.Collections;
using Metrics.Text;

namespace Metrics.Configuration;

/// <summary>
/// The tree of <c>metrics.yaml</c> with what the environment sets on top of it. What the keys mean is the business of each room.
/// </summary>
internal static class ConfigurationFile
{
    public const string DefaultName = "metrics.yaml";

    private const string Prefix = "METRICS__";

    /// <summary>Reads the tree.</summary>
    /// <param name="path">The file that was asked for; null takes <c>metrics.yaml</c> of the current folder when it is there.</param>
    /// <param name="environment">Environment variables; <c>METRICS__STORAGE__PATH</c> sets <c>storage.path</c>.</param>
    /// <param name="problems">Added to.</param>
    public static YamlSection Read(string? path, IDictionary environment, List<Problem> problems)
    {
        string file = path ?? DefaultName;
        YamlMap root = new() { Line = 1, Column = 1 };
        if (path is not null || File.Exists(file))
        {
            string? text = ReadText(file, problems);
            YamlValue? value = text is null ? null : YamlComposer.Compose(text, file, problems);
            if (value is YamlMap map)
                root = map;
            else if (value is not null)
                problems.Add(new Problem(file, value.Line, value.Column, "expected a mapping of settings"));
        }
        Overlay(root, environment);
        return new YamlSection(root, file, "", problems);
    }

    /// <summary>Reads the tree of a text, for tests and samples.</summary>
    public static YamlSection Parse(string yaml, List<Problem> problems)
    {
        YamlMap root = YamlComposer.Compose(yaml, DefaultName, problems) as YamlMap ?? new YamlMap { Line = 1, Column = 1 };
        return new YamlSection(root, DefaultName, "", problems);
    }

    private static string? ReadText(string file, List<Problem> problems)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problems.Add(new Problem(file, 0, 0, $"cannot be read: {e.Message}"));
            return null;
        }
    }

    private static void Overlay(YamlMap root, IDictionary environment)
    {
        foreach (DictionaryEntry entry in environment)
        {
            if (entry.Key is not string name || !name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase))
                continue;
            string[] path = name[Prefix.Length..].ToLowerInvariant().Split("__");
            YamlMap at = root;
            foreach (string key in path[..^1])
                at = Descend(at, key);
            Set(at, path[^1], new YamlText { Line = 0, Column = 0, Text = entry.Value as string ?? "", Plain = true, Origin = name });
        }
    }

    private static YamlMap Descend(YamlMap map, string key)
    {
        if (map[key] is YamlMap inner)
            return inner;
        inner = new YamlMap { Line = 0, Column = 0 };
        Set(map, key, inner);
        return inner;
    }

    private static void Set(YamlMap map, string key, YamlValue value)
    {
        map.Entries.RemoveAll(e => e.Key.Text == key);
        map.Entries.Add(new(new YamlText { Line = 0, Column = 0, Text = key }, value));
    }
}
