using Metrics.Configuration;
using Metrics.Text;

namespace Metrics.Pollers.Scrape;

/// <summary>Targets listed in files that others write (<c>file_sd_configs</c>): JSON or YAML, read anew when they change.</summary>
/// <remarks>https://prometheus.io/docs/prometheus/latest/configuration/configuration/#file_sd_config</remarks>
internal sealed record FileDiscovery(IReadOnlyList<string> Patterns)
{
    public static FileDiscovery Read(YamlSection section)
    {
        var discovery = new FileDiscovery(section.Texts("files"));
        if (discovery.Patterns.Count == 0)
            section.Report("files", "is required");
        if (discovery.Patterns.Any(p => Path.GetExtension(p) is not (".json" or ".yml" or ".yaml")))
            section.Report("files", "must end in .json, .yml or .yaml");
        // Prometheus's key: changes are seen within seconds here anyway.
        section.Duration("refresh_interval", TimeSpan.FromMinutes(5));
        section.Finish();
        return discovery;
    }

    /// <summary>The groups of one file; a file that cannot be read gives problems and no groups.</summary>
    /// <param name="file">The file; its groups have its name as the label <c>__meta_filepath</c>.</param>
    /// <param name="problems">What is wrong with all of it.</param>
    /// <param name="leftOut">Single targets that are none, and why.</param>
    public static IReadOnlyList<TargetGroup> ReadFile(string file, List<Problem> problems, ICollection<string> leftOut)
    {
        string text;
        try
        {
            text = TextFile.Read(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problems.Add(new Problem(file, 0, 0, $"cannot be read: {e.Message}"));
            return [];
        }
        return [.. Read(text, file, problems, leftOut).Select(g => g with { Labels = WithFile(g.Labels, file) })];
    }

    /// <summary>The groups of a file's text; one that is wrong gives problems and no groups.</summary>
    public static IReadOnlyList<TargetGroup> Read(string text, string file, List<Problem> problems, ICollection<string> leftOut)
    {
        // JSON is YAML's subset for what stands in these files.
        YamlValue? root = YamlComposer.Compose(text, file, problems);
        if (root is null)
            return [];
        if (root is not YamlList list)
        {
            problems.Add(new Problem(file, root.Line, root.Column, "expected a list of target groups"));
            return [];
        }
        var map = new YamlMap { Line = 1, Column = 1 };
        map.Entries.Add(new(new YamlText { Line = 1, Column = 1, Text = "groups" }, list));
        int before = problems.Count;
        var groups = new YamlSection(map, file, "", problems).Sections("groups")
            .Select(g => TargetGroup.ReadSome(g, leftOut)).ToList();
        return problems.Count == before ? groups : [];
    }

    private static Dictionary<string, string> WithFile(IReadOnlyDictionary<string, string> labels, string file) =>
        new(labels) { ["__meta_filepath"] = file };
}
