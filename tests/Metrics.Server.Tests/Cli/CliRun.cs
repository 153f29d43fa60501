using Metrics.Cli;
using Metrics.Configuration;
using Metrics.Hosting;

namespace Metrics.Tests.Cli;

/// <summary>One run of the command line within the test's process.</summary>
internal sealed record CliRun(int Code, string Output, string Error)
{
    public static Task<CliRun> Of(params string[] args) => Of(args, _ => Task.FromResult(0));

    public static async Task<CliRun> Of(string[] args, Func<ConfigurationSource, Task<int>> run)
    {
        using StringWriter output = new(), error = new();
        int code = await CommandLine.RunAsync(args, run, output, error);
        return new CliRun(code, output.ToString(), error.ToString());
    }
}
