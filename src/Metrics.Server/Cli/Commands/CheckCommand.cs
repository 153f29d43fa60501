using System.Globalization;
using Metrics.Alerting;
using Metrics.Configuration;
using Metrics.Rules;

namespace Metrics.Cli.Commands;

/// <summary><c>metricsd check</c>: is the configuration valid, with the rule files that it names?</summary>
internal sealed class CheckCommand : CliCommand
{
    public CheckCommand(CommonOptions common) : base(common, "check", "Check the configuration and its rule files.")
    {
        Add(common.Config);
        Add(common.Output);
        Example("metricsd check", "Every problem of metrics.yaml of this folder, with its line.");
        Example("metricsd check --config new.yaml --output json", "The same of another file, for a program.");
    }

    protected override Task<int> RunAsync(Invocation call, CancellationToken cancel)
    {
        MetricsOptions options;
        IReadOnlyList<RuleGroup> groups;
        try
        {
            options = call.Source.Load();
            groups = RuleSet.Load(options.Rules);
        }
        catch (ConfigurationException e) when (call.WantsJson)
        {
            JsonOutput.Write(call.Output, new { valid = false, problems = e.Problems });
            return Task.FromResult(ExitCode.Misuse);
        }
        (int jobs, int probes) = (options.ScrapeJobs.Count, options.Probes.Count);
        (int alerting, int recording) = (groups.Sum(g => g.Alerting.Count()), groups.Sum(g => g.Recording.Count()));
        if (call.WantsJson)
        {
            var counts = new { valid = true, scrapeJobs = jobs, probeJobs = probes, alertingRules = alerting, recordingRules = recording };
            JsonOutput.Write(call.Output, counts);
            return Task.FromResult(ExitCode.Ok);
        }
        call.Output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"The configuration is valid: {jobs} scrape jobs, {probes} probe jobs, {alerting} alerting and {recording} recording rules."));
        return Task.FromResult(ExitCode.Ok);
    }
}
