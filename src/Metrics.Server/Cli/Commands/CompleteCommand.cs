using System.CommandLine;

namespace Metrics.Cli.Commands;

/// <summary><c>metricsd complete -- WORD…</c>: what the scripts of <see cref="CompletionCommand"/> ask; hidden from help.</summary>
internal sealed class CompleteCommand : CliCommand
{
    private readonly Argument<string[]> _words = new("WORD") { Arity = ArgumentArity.ZeroOrMore, DefaultValueFactory = _ => [] };

    public CompleteCommand(CommonOptions common)
        : base(common, "complete", "Print what may stand for the last word, each with a tab and its description.")
    {
        Hidden = true;
        Add(_words);
    }

    protected override Task<int> RunAsync(Invocation call, CancellationToken cancel)
    {
        foreach ((string word, string description) in Completions.For((RootCommand)Parents.Single(), call.Value(_words)))
            call.Output.WriteLine($"{word}\t{description}");
        return Task.FromResult(ExitCode.Ok);
    }
}
