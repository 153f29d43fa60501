using Metrics.Configuration;
using Metrics.Rules.Sigma;
using Metrics.Text;

namespace Metrics.Rules;

/// <summary>Finds and reads files of Sigma rules.</summary>
internal static class SigmaFiles
{
    /// <summary>Reads the rules of all files; what cannot be read is among them with its reason.</summary>
    /// <param name="patterns">Files, folders (all <c>.yml</c> and <c>.yaml</c> below), patterns (<see cref="PathPattern"/>).</param>
    public static SigmaLoad Load(IReadOnlyList<string> patterns)
    {
        var rules = new SigmaRules();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (string pattern in patterns)
        {
            bool isUnreadable = false;
            string[] files = [.. Find(pattern, Unreadable).Order(StringComparer.Ordinal)];
            if (files.Length == 0 && !isUnreadable)
                rules.Refuse(pattern, [new Problem(pattern, 0, 0, "no file of Sigma rules is there")]);
            foreach (string file in files.Where(IsFirst))
                Read(file, rules);

            void Unreadable(string folder, Exception e)
            {
                isUnreadable = true;
                if (IsFirst(folder))
                    rules.Refuse(folder, [PathPattern.Unreadable(folder, e)]);
            }
        }
        return rules.Make();

        bool IsFirst(string path) => seen.Add(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path.Length == 0 ? "." : path)));
    }

    private static void Read(string file, SigmaRules rules)
    {
        try
        {
            rules.Read(TextFile.Read(file), file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            rules.Refuse(file, [new Problem(file, 0, 0, $"cannot be read: {e.Message}")]);
        }
    }

    private static IEnumerable<string> Find(string pattern, Action<string, Exception> unreadable) => Directory.Exists(pattern)
        ? PathPattern.Files($"{pattern}/**", unreadable).Where(f => Path.GetExtension(f) is ".yml" or ".yaml")
        : PathPattern.Files(pattern, unreadable);
}
