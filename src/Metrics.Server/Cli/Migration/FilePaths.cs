using Metrics.Text;

namespace Metrics.Cli.Migration;

/// <summary>Names of files that were meant beside the file in which they stood: in another folder they are whole paths.</summary>
internal static class FilePaths
{
    private const string Suffix = "_file";

    private static readonly string[] s_lists = ["rule_files", "files", "templates"];

    /// <summary>Keys below which names are those of people, not ours.</summary>
    private static readonly string[] s_others =
    [
        "labels", "external_labels", "params", "headers", "http_headers", "endpoint_params", "match", "match_re", "source_match",
        "source_match_re", "target_match", "target_match_re", "details", "relabel_configs", "metric_relabel_configs",
    ];

    /// <summary>Makes them whole in a value.</summary>
    /// <param name="tree">The configuration.</param>
    /// <param name="value">Where.</param>
    public static void MakeWhole(MigrationTree tree, YamlValue value)
    {
        if (value is YamlList list)
            list.Items.ForEach(i => MakeWhole(tree, i));
        if (value is not YamlMap map)
            return;
        for (int i = 0; i < map.Entries.Count; i++)
        {
            (YamlText key, YamlValue inner) = map.Entries[i];
            if (s_others.Contains(key.Text))
                continue;
            if (key.Text.EndsWith(Suffix, StringComparison.Ordinal) && inner is YamlText name)
                map.Entries[i] = new(key, Whole(tree, name));
            else if (s_lists.Contains(key.Text) && inner is YamlList names)
                MakeAllWhole(tree, names);
            else
                MakeWhole(tree, inner);
        }
    }

    private static void MakeAllWhole(MigrationTree tree, YamlList names)
    {
        for (int i = 0; i < names.Items.Count; i++)
        {
            if (names.Items[i] is YamlText name)
                names.Items[i] = Whole(tree, name);
        }
    }

    private static YamlText Whole(MigrationTree tree, YamlText name)
    {
        string folder = Path.GetDirectoryName(Path.GetFullPath(tree.Origin(name).File))!;
        return name.Text.Length == 0 || Path.IsPathRooted(name.Text)
            ? name : tree.Text(Path.GetFullPath(name.Text, folder), name, isPlain: false);
    }
}
