using System.CommandLine;

namespace Metrics.Cli.Commands;

/// <summary><c>metricsd completion SHELL</c>: prints the script that makes a shell complete commands and options.</summary>
internal sealed class CompletionCommand : CliCommand
{
    private readonly Argument<string> _shell = new("SHELL") { Description = "bash, zsh or fish." };

    public CompletionCommand(CommonOptions common)
        : base(common, "completion", "Print the script by which a shell completes commands and options.")
    {
        _shell.CompletionSources.Add(CompletionScripts.Shells);
        _shell.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !CompletionScripts.Shells.Contains(token.Value))
                result.AddError($"'{token.Value}' is no shell that is known; it must be {string.Join(", ", CompletionScripts.Shells)}");
        });
        Add(_shell);
        Example("source <(metricsd completion bash)", "In ~/.bashrc.");
        Example("source <(metricsd completion zsh)", "In ~/.zshrc, after compinit.");
        Example("metricsd completion fish > ~/.config/fish/completions/metricsd.fish", "Once, for fish.");
    }

    protected override Task<int> RunAsync(Invocation call, CancellationToken cancel)
    {
        call.Output.Write(CompletionScripts.Of(call.Value(_shell)));
        return Task.FromResult(ExitCode.Ok);
    }
}
