using Metrics.Telemetry;

namespace Metrics.Cli.Commands;

/// <summary><c>metricsd version</c>, or <c>--version</c>.</summary>
internal sealed class VersionCommand : CliCommand
{
    public VersionCommand(CommonOptions common) : base(common, "version", "Print the version.") =>
        Example("metricsd version", "Its version, and that of .NET below it.");

    /// <summary>What it prints.</summary>
    public static string Text => $"metricsd {VersionText.Product} (.NET {Environment.Version})";

    protected override Task<int> RunAsync(Invocation call, CancellationToken cancel)
    {
        call.Output.WriteLine(Text);
        return Task.FromResult(ExitCode.Ok);
    }
}
