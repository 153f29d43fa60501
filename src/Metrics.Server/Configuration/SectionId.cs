using Metrics.Text;

namespace Metrics.Configuration;

/// <summary>
/// Which section of the configuration something comes from, and what stands in it. Two readings of a file give equal ids as long as nothing
/// in the section has changed: order of keys, blanks and comments do not count; a file that a key <c>…_file</c> names does, since it may
/// hold a renewed certificate.
/// </summary>
/// <param name="Name">What people know it by, such as <c>scrape_configs node</c>.</param>
/// <param name="Digest">SHA-256 of what stands in it, secrets included: to be compared, never to be shown.</param>
internal sealed record SectionId(string Name, string Digest)
{
    /// <summary>The id of a section.</summary>
    /// <param name="name">What people know it by.</param>
    /// <param name="section">The section.</param>
    /// <param name="alsoRead">What stands elsewhere and belongs to it, such as an entry of <c>clouds.yaml</c>.</param>
    public static SectionId Of(string name, YamlSection section, YamlValue? alsoRead = null) => Of(name, [section.Content, alsoRead]);

    /// <summary>The id of some keys of a section, each with all that is below it.</summary>
    /// <param name="name">What people know it by.</param>
    /// <param name="section">The section.</param>
    /// <param name="keys">The keys.</param>
    /// <param name="countsFiles">Whether files count that are named there; not where their reader follows them by itself.</param>
    public static SectionId OfKeys(string name, YamlSection section, IEnumerable<string> keys, bool countsFiles = true) =>
        Of(name, keys.SelectMany(k => new[] { new YamlText { Line = 0, Column = 0, Text = k }, section.Content[k] }), countsFiles);

    public override string ToString() => Name;

    private static SectionId Of(string name, IEnumerable<YamlValue?> values, bool countsFiles = true) =>
        new(name, YamlDigest.Of(values, countsFiles ? StateBehind : null));

    /// <summary>The state of the file that a key names.</summary>
    private static string? StateBehind(string key, YamlValue value) =>
        IsFile(key) && value is YamlText { Text.Length: > 0 } file ? FileState.Of(file.Text) : null;

    /// <summary>Ours, and those of <c>clouds.yaml</c>.</summary>
    private static bool IsFile(string key) => key.EndsWith("_file", StringComparison.Ordinal) || key is "cacert" or "cert";
}
