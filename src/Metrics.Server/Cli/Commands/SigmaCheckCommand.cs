using System.CommandLine;
using System.Globalization;
using Metrics.Rules;
using Metrics.Rules.Sigma;

namespace Metrics.Cli.Commands;

/// <summary><c>metricsd sigma check [FILE…]</c>: which rules of Sigma are loaded, and why the others are not.</summary>
internal sealed class SigmaCheckCommand : CliCommand
{
    private readonly Argument<string[]> _files = new("FILE")
    {
        Description = "Files of Sigma rules, or folders of such; default: those of the configuration.", Arity = ArgumentArity.ZeroOrMore,
    };

    public SigmaCheckCommand(CommonOptions common) : base(common, "check", "Check Sigma rules: which are loaded, and why others are not.")
    {
        Add(_files);
        Add(common.Config);
        Add(common.Output);
        Example("metricsd sigma check", "Those of the configuration (sigma.files).");
        Example("metricsd sigma check sigma/rules/linux 'sigma/rules/web/**/*.yml'", "Each rule, and counts for each kind of logs.");
    }

    protected override Task<int> RunAsync(Invocation call, CancellationToken cancel)
    {
        string[] files = call.Value(_files);
        SigmaLoad load = SigmaFiles.Load(files.Length > 0 ? files : call.Source.Load().Rules.SigmaFiles);
        if (call.WantsJson)
            JsonOutput.Write(call.Output, new { valid = !load.Broken.Any(), loaded = load.Loaded, rules = load.Rules.Select(Row) });
        else
            Write(load, call);
        return Task.FromResult(load.Broken.Any() ? ExitCode.No : ExitCode.Ok);
    }

    private static object Row(SigmaOutcome rule) => new
    {
        rule.Title, rule.Location, rule.Logsource, rule.IsLoaded, reason = rule.Reason?.Word(),
        faults = rule.Faults.Select(f => f.ToString()),
    };

    private static void Write(SigmaLoad load, Invocation call)
    {
        foreach (SigmaFault broken in load.Broken)
            call.Error.WriteLine(broken);
        int logs = Math.Max(9, load.Rules.Select(r => r.Logsource.Length).DefaultIfEmpty().Max());
        call.Output.WriteLine($"{"LOADED",-16}  {"LOGSOURCE".PadRight(logs)}  RULE");
        foreach (SigmaOutcome rule in load.Rules.OrderBy(r => r.IsLoaded).ThenBy(r => r.Location, StringComparer.Ordinal))
        {
            string state = rule.Reason is { } reason ? $"no: {reason.Word()}" : "yes";
            call.Output.WriteLine($"{state,-16}  {rule.Logsource.PadRight(logs)}  {rule.Location}  {rule.Title}".TrimEnd());
            foreach (SigmaFault fault in rule.Faults.DistinctBy(f => f.Message))
                call.Output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"{"",-16}  {"".PadRight(logs)}    line {fault.Line}: {fault.Message}"));
        }
        call.Output.WriteLine();
        foreach (IGrouping<string, SigmaOutcome> kind in load.Rules.GroupBy(r => r.Logsource).OrderBy(k => k.Key, StringComparer.Ordinal))
        {
            call.Output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{(kind.Key.Length == 0 ? "-" : kind.Key).PadRight(logs)}  {kind.Count(r => r.IsLoaded)} of {kind.Count()}"));
        }
        call.Output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{load.Loaded} of {load.Rules.Count} Sigma rules are loaded"));
    }
}
