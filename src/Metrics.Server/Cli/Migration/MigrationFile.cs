using Metrics.Configuration;
using Metrics.Text;

namespace Metrics.Cli.Migration;

/// <summary>Whose file it is.</summary>
internal enum MigrationKind
{
    Prometheus,
    Alertmanager,
    Blackbox,
}

/// <summary>A configuration file of Prometheus, Alertmanager or blackbox_exporter, told apart by what stands in it.</summary>
/// <param name="Path">As it was named.</param>
/// <param name="Kind">Whose it is.</param>
/// <param name="Root">What stands in it.</param>
internal sealed record MigrationFile(string Path, MigrationKind Kind, YamlMap Root)
{
    private static readonly (MigrationKind Kind, string[] Keys)[] s_signs =
    [
        (MigrationKind.Blackbox, ["modules"]),
        (MigrationKind.Alertmanager, ["route", "receivers"]),
        (MigrationKind.Prometheus, ["scrape_configs", "rule_files", "alerting", "remote_write", "remote_read", "scrape_config_files"]),
    ];

    /// <summary>Reads one.</summary>
    /// <param name="path">The file.</param>
    /// <param name="problems">Added to: what cannot be read, is broken, or is none of them.</param>
    public static MigrationFile? Read(string path, List<Problem> problems)
    {
        string text;
        try
        {
            text = TextFile.Read(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problems.Add(new Problem(path, 0, 0, $"cannot be read: {e.Message}"));
            return null;
        }
        int before = problems.Count;
        YamlMap? root = YamlComposer.Compose(text, path, problems) as YamlMap;
        if (problems.Count > before)
            return null;
        foreach ((MigrationKind kind, string[] keys) in s_signs)
        {
            if (root is not null && Array.Exists(keys, k => root[k] is not null))
                return new MigrationFile(path, kind, root);
        }
        problems.Add(new Problem(path, 0, 0, "is no file of Prometheus (scrape_configs, rule_files), Alertmanager (route, receivers) "
            + "or blackbox_exporter (modules)"));
        return null;
    }
}
