using System.CommandLine;
using System.Globalization;
using Metrics.Alerting;
using Metrics.Configuration;
using Metrics.Rules;
using Metrics.Rules.Testing;
using Metrics.Text;

namespace Metrics.Cli.Commands;

/// <summary><c>metricsd rules test FILE…</c>: promtool's unit tests, run by our engine.</summary>
internal sealed class RulesTestCommand : CliCommand
{
    private readonly Argument<string[]> _files = new("FILE")
    {
        Description = "Test files in promtool's format.",
        Arity = ArgumentArity.OneOrMore,
    };

    public RulesTestCommand(CommonOptions common) : base(common, "test", "Run unit tests of rules, in promtool's format, without a daemon.")
    {
        Add(_files);
        Add(common.Output);
        Example("metricsd rules test rules/tests/*.yaml", "Says what each failed test expected and got.");
    }

    protected override Task<int> RunAsync(Invocation call, CancellationToken cancel)
    {
        var results = new List<TestedFile>();
        foreach (string file in call.Value(_files))
        {
            if (!call.WantsJson)
                call.Output.WriteLine($"Unit testing: {file}");
            results.Add(new TestedFile(file, RunFile(file, out int tests), tests));
            if (!call.WantsJson)
                Write(results[^1], call.Output);
        }
        int passed = results.Where(r => r.Passed).Sum(r => r.Tests), failed = results.Count(r => !r.Passed);
        if (call.WantsJson)
            JsonOutput.Write(call.Output, new { passed, failedFiles = failed, files = results });
        else
            call.Output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{passed} tests passed, {failed} files failed"));
        return Task.FromResult(failed == 0 ? ExitCode.Ok : ExitCode.No);
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
            return
            [
                .. read.Tests.SelectMany(t => RuleTestRun.Run(read, t, groups, TimeProvider.System).Select(f => $"test {t.Name}: {f}")),
            ];
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
            files.AddRange(PathPattern.Files(full, $"rule_files of {file}: no file is at {pattern}", problems));
        }
        return files;
    }

    private static void Write(TestedFile result, TextWriter to) => to.WriteLine(result.Passed
        ? "  SUCCESS"
        : $"  FAILED:\n    {string.Join("\n    ", result.Failures.Select(f => f.Replace("\n", "\n    ", StringComparison.Ordinal)))}");

    private sealed record TestedFile(string File, IReadOnlyList<string> Failures, int Tests)
    {
        public bool Passed => Failures.Count == 0;
    }
}
