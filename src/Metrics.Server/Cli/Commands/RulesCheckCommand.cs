using System.CommandLine;
using System.Globalization;
using Metrics.Alerting;
using Metrics.Rules;
using Metrics.Text;

namespace Metrics.Cli.Commands;

/// <summary><c>metricsd rules check FILE…</c>: are these rule files valid?</summary>
internal sealed class RulesCheckCommand : CliCommand
{
    private readonly Argument<string[]> _files = new("FILE") { Description = "Rule files.", Arity = ArgumentArity.OneOrMore };

    public RulesCheckCommand(CommonOptions common) : base(common, "check", "Check rule files.")
    {
        Add(_files);
        Add(common.Output);
        Example("metricsd rules check rules/*.yaml", "Every problem with its file, line and column.");
    }

    protected override Task<int> RunAsync(Invocation call, CancellationToken cancel)
    {
        List<CheckedFile> files = [.. call.Value(_files).Select(Check)];
        if (call.WantsJson)
            JsonOutput.Write(call.Output, new { valid = files.All(f => f.Problems.Count == 0), files });
        else
            files.ForEach(f => Write(f, call));
        return Task.FromResult(files.All(f => f.Problems.Count == 0) ? ExitCode.Ok : ExitCode.No);
    }

    private static CheckedFile Check(string file)
    {
        var problems = new List<Problem>();
        IReadOnlyList<RuleGroup> groups = RuleSet.Load([file], problems);
        return new CheckedFile(file, groups.Count, groups.Sum(g => g.Alerting.Count()), groups.Sum(g => g.Recording.Count()),
            Problem.InOrder(problems));
    }

    private static void Write(CheckedFile file, Invocation call)
    {
        foreach (Problem problem in file.Problems)
            call.Error.WriteLine(problem);
        if (file.Problems.Count == 0)
        {
            call.Output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{file.File}: {file.Groups} groups, {file.AlertingRules} alerting and {file.RecordingRules} recording rules are valid"));
        }
    }

    private sealed record CheckedFile(string File, int Groups, int AlertingRules, int RecordingRules, IReadOnlyList<Problem> Problems);
}
