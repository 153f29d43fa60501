using System.Globalization;
using Metrics.Alerting;
using Metrics.Text;
using Metrics.Rules;
using Metrics.Rules.Testing;

namespace Metrics.Cli;

/// <summary><c>metricsd rules test FILE...</c>: promtool's unit tests, run by our engine.</summary>
internal static class RuleTestCommand
{
    /// <returns>0 when every test passes, 1 otherwise.</returns>
    public static int Run(IEnumerable<string> files)
    {
        (int passed, int failed) = (0, 0);
        foreach (string file in files)
        {
            Console.WriteLine($"Unit testing: {file}");
            IReadOnlyList<string> failures = RunFile(file, out int tests);
            if (failures.Count == 0)
                Console.WriteLine("  SUCCESS");
            else
                Console.WriteLine($"  FAILED:\n    {string.Join("\n    ", failures.Select(f => f.Replace("\n", "\n    ", StringComparison.Ordinal)))}");
            passed += failures.Count == 0 ? tests : 0;
            failed += failures.Count == 0 ? 0 : 1;
        }
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{passed} tests passed, {failed} files failed"));
        return failed == 0 ? 0 : 1;
    }

    /// <summary>Runs a file.</summary>
    /// <returns>What is wrong with it or was not as expected.</returns>
    internal static IReadOnlyList<string> RunFile(string file, out int tests)
    {
        tests = 0;
        var problems = new List<Problem>();
        try
        {
            if (RuleTestFile.Read(File.ReadAllText(file), file, problems) is not { } read)
                return [.. problems.Select(p => p.ToString())];
            IReadOnlyList<RuleGroup> groups = RuleSet.Load(RuleFiles(file, read, problems), problems);
            if (problems.Count > 0)
                return [.. problems.Select(p => p.ToString())];
            tests = read.Tests.Count;
            return [.. read.Tests.SelectMany(t => RuleTestRun.Run(read, t, groups, TimeProvider.System).Select(f => $"test {t.Name}: {f}"))];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [$"{file} cannot be read: {e.Message}"];
        }
    }

    private static List<string> RuleFiles(string file, RuleTestFile read, List<Problem> problems)
    {
        var files = new List<string>();
        foreach (string pattern in read.RuleFiles)
        {
            string full = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(file))!, pattern);
            string folder = Path.GetDirectoryName(full)!;
            string[] found = Directory.Exists(folder) ? Directory.GetFiles(folder, Path.GetFileName(full)) : [];
            if (found.Length == 0)
                problems.Add(new Problem(file, 0, 0, $"rule_files: no file is at {pattern}"));
            files.AddRange(found.Order(StringComparer.Ordinal));
        }
        return files;
    }
}
