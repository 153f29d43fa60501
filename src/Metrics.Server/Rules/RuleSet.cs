using Metrics.Configuration;
using Metrics.Rules.Sigma;
using Metrics.Text;

namespace Metrics.Rules;

/// <summary>Rules that were read.</summary>
/// <param name="Groups">All groups, that of Sigma's rules among them.</param>
/// <param name="Sigma">What became of Sigma's rules.</param>
internal sealed record LoadedRules(IReadOnlyList<RuleGroup> Groups, SigmaLoad Sigma);

/// <summary>The rule files that a configuration names, and those that are shipped beside the program.</summary>
internal static class RuleSet
{
    /// <summary>The folder of the shipped rules.</summary>
    public static string ShippedFolder => Path.Combine(AppContext.BaseDirectory, "rules");

    /// <summary>
    /// Reads all rule files, and those of Sigma, which are written by others: what is wrong with one of these stops nothing.
    /// </summary>
    /// <exception cref="ConfigurationException">Some rule file is wrong; every problem is told.</exception>
    public static LoadedRules Load(RuleOptions options)
    {
        var problems = new List<Problem>();
        IReadOnlyList<RuleGroup> groups = Load(Files(options, problems), problems, options.Defaults);
        if (problems.Count > 0)
            throw new ConfigurationException(problems);
        SigmaLoad sigma = SigmaFiles.Load(options.SigmaFiles);
        return new LoadedRules(sigma.Group is { } group ? [.. groups, group] : groups, sigma);
    }

    /// <summary>Reads some files.</summary>
    public static IReadOnlyList<RuleGroup> Load(IEnumerable<string> files, List<Problem> problems, RuleDefaults? defaults = null)
    {
        var groups = new List<RuleGroup>();
        foreach (string file in files)
        {
            try
            {
                groups.AddRange(RuleFile.Read(TextFile.Read(file), file, problems, defaults));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                problems.Add(new Problem(file, 0, 0, $"cannot be read: {e.Message}"));
            }
        }
        return groups;
    }

    private static List<string> Files(RuleOptions options, List<Problem> problems)
    {
        var files = new List<string>();
        if (options.Shipped && Directory.Exists(ShippedFolder))
            files.AddRange(Directory.GetFiles(ShippedFolder, "*.yaml").Order(StringComparer.Ordinal));
        foreach (string pattern in options.Files)
            files.AddRange(PathPattern.Files(pattern, "no rule file of this name is there", problems));
        // Patterns may name one file twice; its rules would be evaluated twice.
        return [.. files.DistinctBy(Path.GetFullPath)];
    }
}
