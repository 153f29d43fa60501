using Metrics.Configuration;
using Metrics.Rules.Sigma;
using Metrics.Text;

namespace Metrics.Rules;

/// <summary>Finds and reads files of Sigma rules.</summary>
internal static class SigmaFiles
{
    private const string AnyDepth = "**";

    private static readonly EnumerationOptions s_everywhere = new() { RecurseSubdirectories = true, MatchType = MatchType.Simple };
    private static readonly EnumerationOptions s_here = new() { MatchType = MatchType.Simple };

    /// <summary>Reads the rules of all files; what cannot be read is among them with its reason.</summary>
    /// <param name="patterns">Files, folders (all <c>.yml</c> and <c>.yaml</c> below), <c>a/*.yml</c>, <c>a/**/*.yml</c>.</param>
    public static SigmaLoad Load(IReadOnlyList<string> patterns)
    {
        var rules = new SigmaRules();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (string pattern in patterns)
        {
            string[] files = Find(pattern, out string? error);
            if (files.Length == 0)
                rules.Refuse(pattern, [new Problem(pattern, 0, 0, error ?? "no file of Sigma rules is there")]);
            foreach (string file in files.Order(StringComparer.Ordinal))
            {
                if (seen.Add(Path.GetFullPath(file)))
                    Read(file, rules);
            }
        }
        return rules.Make();
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

    private static string[] Find(string pattern, out string? error)
    {
        error = null;
        try
        {
            if (Directory.Exists(pattern))
                return [.. Directory.GetFiles(pattern, "*.yml", s_everywhere), .. Directory.GetFiles(pattern, "*.yaml", s_everywhere)];
            string folder = Path.GetDirectoryName(pattern) is { Length: > 0 } parent ? parent : ".";
            bool isDeep = Path.GetFileName(folder) == AnyDepth;
            if (isDeep)
                folder = Path.GetDirectoryName(folder) is { Length: > 0 } above ? above : ".";
            return Directory.Exists(folder) ? Directory.GetFiles(folder, Path.GetFileName(pattern), isDeep ? s_everywhere : s_here) : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            error = $"cannot be read: {e.Message}";
            return [];
        }
    }
}
