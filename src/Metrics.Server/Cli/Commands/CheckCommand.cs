using System.Globalization;
using Metrics.Access;
using Metrics.Configuration;
using Metrics.Hosting;
using Metrics.Pollers.Probes;
using Metrics.Pollers.Scrape;
using Metrics.Rules;

namespace Metrics.Cli.Commands;

/// <summary><c>metricsd check</c>: is the configuration valid, with the rule files that it names?</summary>
internal sealed class CheckCommand : DaemonCommand
{
    public CheckCommand(CommonOptions common)
        : base(common, "check", "Check the configuration and its rule files, and say what a reload would restart.", Role.Operator,
            TimeSpan.FromSeconds(5))
    {
        Add(common.Output);
        AddConnection();
        Example("metricsd check",
            "Every problem of metrics.yaml of this folder, with its line; of a valid one, what a reload would restart.");
        Example("metricsd check --config new.yaml --output json", "The same of another file, for a program.");
    }

    protected override async Task<int> RunAsync(Invocation call, CancellationToken cancel)
    {
        MetricsOptions options;
        LoadedRules rules;
        try
        {
            options = call.Source.Load();
            rules = RuleSet.Load(options.Rules);
            if (rules.Sigma.Broken.Any())
                throw new ConfigurationException([.. rules.Sigma.Broken.Select(f => f.AsProblem())]);
        }
        catch (ConfigurationException e) when (call.WantsJson)
        {
            JsonOutput.Write(call.Output, new { valid = false, problems = e.Problems });
            return ExitCode.Misuse;
        }
        (ReloadEffect? reload, string? unknown) = await AskAsync(call, options, cancel);
        (int jobs, int probes) = (options.Targets.OfType<ScrapeJob>().Count(), options.Targets.OfType<ProbeJob>().Count());
        (int sigma, int sigmaAway) = (rules.Sigma.Loaded, rules.Sigma.Rules.Count - rules.Sigma.Loaded);
        (int alerting, int recording) = (rules.Groups.Sum(g => g.Alerting.Count()), rules.Groups.Sum(g => g.Recording.Count()));
        List<string> warnings = options.Notifications.Warning is { } warning ? [warning] : [];
        if (call.WantsJson)
        {
            JsonOutput.Write(call.Output, new
            {
                valid = true, scrapeJobs = jobs, probeJobs = probes, alertingRules = alerting, recordingRules = recording,
                sigmaRules = sigma, sigmaRulesNotLoaded = sigmaAway, warnings, reload,
                reloadUnknown = unknown,
            });
            return ExitCode.Ok;
        }
        call.Output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"The configuration is valid: {jobs} scrape jobs, {probes} probe jobs, {alerting} alerting and {recording} recording rules."));
        if (sigma + sigmaAway > 0)
            call.Output.WriteLine($"Of these {sigma} are Sigma's; {sigmaAway} are not loaded (metricsd sigma check says why).");
        foreach (string line in warnings)
            call.Output.WriteLine($"Warning: {line}.");
        foreach (string line in reload is null ? [$"What a reload would restart is not known: {unknown}"] : ReloadCheck.Lines(reload))
            call.Output.WriteLine(line);
        return ExitCode.Ok;
    }

    /// <summary>A daemon that does not answer leaves the configuration valid.</summary>
    private async Task<(ReloadEffect? Effect, string? Unknown)> AskAsync(
        Invocation call, MetricsOptions options, CancellationToken cancel)
    {
        using DaemonClient daemon = Connect(call, options);
        try
        {
            return (await ReloadCheck.AskAsync(options, daemon, cancel), null);
        }
        catch (CommandException e) when (e.ExitCode != ExitCode.Misuse)
        {
            return (null, e.Message);
        }
    }
}
