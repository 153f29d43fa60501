using Metrics.Configuration;
using Metrics.Hosting;

namespace Metrics.Cli.Commands;

/// <summary><c>metricsd run</c>, or no command: watches until it is asked to stop.</summary>
internal sealed class RunCommand : CliCommand
{
    private readonly Func<ConfigurationSource, Task<int>> _run;

    /// <param name="common">Options that commands share.</param>
    /// <param name="run">Runs the daemon and gives its exit code.</param>
    public RunCommand(CommonOptions common, Func<ConfigurationSource, Task<int>> run)
        : base(common, "run", "Watch, until it is asked to stop (the default).")
    {
        _run = run;
        Add(common.Config);
        Example("metricsd", "Watch with metrics.yaml of this folder, or with no configuration at all.");
        Example("metricsd run --config /etc/metricsd/metrics.yaml", "Watch with this configuration.");
        Example("METRICS__STORAGE__PATH=/srv/metrics metricsd run", "Set storage.path by environment, as any other key.");
    }

    protected override Task<int> RunAsync(Invocation call, CancellationToken cancel) => _run(call.Source);
}
