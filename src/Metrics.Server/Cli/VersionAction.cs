using System.CommandLine;
using System.CommandLine.Invocation;
using Metrics.Cli.Commands;

namespace Metrics.Cli;

/// <summary><c>--version</c> prints what <c>metricsd version</c> does.</summary>
internal sealed class VersionAction : SynchronousCommandLineAction
{
    public override int Invoke(ParseResult parseResult)
    {
        parseResult.InvocationConfiguration.Output.WriteLine(VersionCommand.Text);
        return ExitCode.Ok;
    }
}
