using System.CommandLine;
using Metrics.Formats.PrometheusText;

namespace Metrics.Cli.Commands;

/// <summary><c>metricsd check metrics</c>: is a page what its format says?</summary>
internal sealed class CheckMetricsCommand : CliCommand
{
    private readonly Argument<string?> _file = new("FILE")
    {
        Description = "The page; standard input without it.",
        Arity = ArgumentArity.ZeroOrOne,
        DefaultValueFactory = _ => null,
    };

    public CheckMetricsCommand(CommonOptions common)
        : base(common, "metrics", "Check a page of metrics in Prometheus's text format or OpenMetrics.")
    {
        Add(_file);
        Example("curl -s http://127.0.0.1:9100/metrics | metricsd check metrics", "What is wrong with the page of an exporter.");
    }

    protected override Task<int> RunAsync(Invocation call, CancellationToken cancel)
    {
        using MemoryStream page = Read(call.Value(_file));
        ReadOnlySpan<byte> bytes = page.GetBuffer().AsSpan(0, (int)page.Length);
        ExpositionFormat format = bytes.TrimEnd((byte)'\n').EndsWith("# EOF"u8) ? ExpositionFormat.OpenMetrics : ExpositionFormat.Text;
        List<string> problems = ExpositionValidator.Validate(bytes, format);
        problems.ForEach(call.Error.WriteLine);
        return Task.FromResult(problems.Count == 0 ? ExitCode.Ok : ExitCode.No);
    }

    private static MemoryStream Read(string? file)
    {
        var page = new MemoryStream();
        try
        {
            using Stream input = file is null ? Console.OpenStandardInput() : File.OpenRead(file);
            input.CopyTo(page);
            return page;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(ExitCode.Misuse, $"{file ?? "standard input"} cannot be read: {e.Message}");
        }
    }
}
