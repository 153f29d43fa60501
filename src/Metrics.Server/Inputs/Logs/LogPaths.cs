using System.IO.Enumeration;
using Metrics.Configuration;
using Metrics.Text;

namespace Metrics.Inputs.Logs;

/// <summary>
/// Which files are read: patterns of paths (<see cref="PathPattern"/>), and what is left out of them. Equal to another with the same ones.
/// </summary>
internal sealed class LogPaths : IEquatable<LogPaths>
{
    /// <summary>What no pattern finds: files that are packed, and not text.</summary>
    private static readonly string[] s_packed = [".gz", ".bz2", ".xz", ".zst", ".lz4", ".zip"];

    private readonly string[] _patterns;
    private readonly string[] _exclude;
    private readonly bool _followLinks;

    private LogPaths(string[] patterns, string[] exclude, bool followLinks) =>
        (_patterns, _exclude, _followLinks) = (patterns, exclude, followLinks);

    /// <summary>Reads <c>paths</c>, <c>exclude</c> and <c>follow_links</c>.</summary>
    public static LogPaths Read(YamlSection section)
    {
        string[] patterns = ReadPatterns(section, "paths");
        if (!section.Has("paths"))
            section.Report("paths", "is required: paths or patterns of files, such as /var/log/nova/*.log");
        return new LogPaths(patterns, ReadPatterns(section, "exclude"), section.Flag("follow_links", false));
    }

    /// <summary>Reads one key of patterns, of which nothing is left out.</summary>
    public static LogPaths ReadAll(YamlSection section, string key) => new(ReadPatterns(section, key), [], followLinks: true);

    /// <summary>The folders that the patterns name, up to the first that is a pattern itself.</summary>
    public IEnumerable<string> Folders => _patterns.Select(FolderOf).Where(Directory.Exists);

    /// <summary>The files that are there now, in the order of the patterns, each once, with whether it may be a link.</summary>
    public IEnumerable<(string Path, bool MayBeLink)> Files()
    {
        var seen = new HashSet<string>();
        foreach (string pattern in _patterns)
        {
            foreach (string path in PathPattern.Files(pattern))
            {
                if (!s_packed.Contains(Path.GetExtension(path)) && !_exclude.Any(e => Matches(e, path)) && seen.Add(path))
                    yield return (path, _followLinks || !PathPattern.IsPattern(pattern));
            }
        }
    }

    /// <inheritdoc />
    public bool Equals(LogPaths? other) =>
        other is not null && _followLinks == other._followLinks
        && _patterns.AsSpan().SequenceEqual(other._patterns) && _exclude.AsSpan().SequenceEqual(other._exclude);

    /// <inheritdoc />
    public override bool Equals(object? obj) => Equals(obj as LogPaths);

    /// <inheritdoc />
    public override int GetHashCode() => HashCode.Combine(_patterns.Length, _patterns.FirstOrDefault());

    private static string[] ReadPatterns(YamlSection section, string key)
    {
        string[] patterns = [.. section.Texts(key)];
        foreach (string pattern in patterns)
        {
            if (!pattern.StartsWith('/') || pattern.EndsWith('/'))
                section.Report(key, $"holds '{pattern}'; a path must begin with / and name files");
            if (pattern.AsSpan().ContainsAny('[', '{'))
                section.Report(key, $"holds '{pattern}'; only *, ? and ** stand for others");
        }
        return patterns;
    }

    private static string FolderOf(string pattern)
    {
        string[] names = pattern.Split('/', StringSplitOptions.RemoveEmptyEntries);
        return "/" + string.Join('/', names.SkipLast(1).TakeWhile(n => !PathPattern.IsPattern(n)));
    }

    /// <summary>Whether a whole path fits a pattern; here <c>*</c> stands within a name, too.</summary>
    private static bool Matches(string pattern, string path)
    {
        string[] names = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        return Matches(pattern.Split('/', StringSplitOptions.RemoveEmptyEntries), names);
    }

    private static bool Matches(ReadOnlySpan<string> pattern, ReadOnlySpan<string> names)
    {
        if (pattern.IsEmpty)
            return names.IsEmpty;
        if (pattern[0] == "**")
            return Matches(pattern[1..], names) || (!names.IsEmpty && Matches(pattern, names[1..]));
        return !names.IsEmpty && FileSystemName.MatchesSimpleExpression(pattern[0], names[0], ignoreCase: false)
            && Matches(pattern[1..], names[1..]);
    }
}
