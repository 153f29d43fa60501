using System.CommandLine;
using System.Globalization;
using Metrics.Rules;
using Metrics.Rules.Sigma;
using Metrics.Text;

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
            call.Error.WriteLine(PlainText.Line(broken.ToString()));
        new TextTable(["LOADED", "LOGSOURCE", "RULE"]).Write(
            [.. load.Rules.OrderBy(r => r.IsLoaded).ThenBy(r => r.Location, StringComparer.Ordinal).SelectMany(Lines)], call.Output);
        call.Output.WriteLine();
        new TextTable(["LOGSOURCE", "LOADED"]).Write(
        [
            .. load.Rules.GroupBy(r => r.Logsource).OrderBy(k => k.Key, StringComparer.Ordinal).Select(k => new[]
            {
                k.Key.Length == 0 ? "-" : k.Key, string.Create(CultureInfo.InvariantCulture, $"{k.Count(r => r.IsLoaded)} of {k.Count()}"),
            }),
        ], call.Output);
        call.Output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{load.Loaded} of {load.Rules.Count} Sigma rules are loaded"));
    }

    /// <summary>A rule, and below it why it is not loaded; what is broken was said before the table.</summary>
    private static IEnumerable<string[]> Lines(SigmaOutcome rule)
    {
        yield return [rule.Reason is { } reason ? $"no: {reason.Word()}" : "yes", rule.Logsource, $"{rule.Location}  {rule.Title}"];
        foreach (SigmaFault fault in rule.Faults.Where(f => f.Reason != SigmaReason.Broken).DistinctBy(f => f.Message))
            yield return ["", "", string.Create(CultureInfo.InvariantCulture, $"  line {fault.Line}: {fault.Message}")];
    }
}
