using System.CommandLine;
using System.Diagnostics;
using Metrics.Cli;

namespace Metrics.Tests.Cli;

public sealed class CompletionTests
{
    [Theory]
    [InlineData("", "run check migrate query events identity report inputs logs evidence explain silence ack routes receivers rules sigma "
        + "export backup completion version")]
    [InlineData("r", "run report routes receivers rules")]
    [InlineData("silence |", "add list expire")]
    [InlineData("silence l", "list")]
    [InlineData("logs |", "ledger templates")]
    [InlineData("check |", "metrics")]
    [InlineData("check --", "--output --url --token-file --ca-file --cert-file --key-file --timeout --config")]
    [InlineData("query up --ra", "--range")]
    [InlineData("query up --output |", "text json csv")]
    [InlineData("query up --output j", "json")]
    [InlineData("completion |", "bash fish zsh")]
    [InlineData("rules check |", "")]
    [InlineData("query --config |", "")]
    [InlineData("zzz", "")]
    public void What_may_stand_there(string words, string expected)
    {
        string[] given = [.. words.Replace("|", "").Split(' ')];
        IEnumerable<string> found = Completions.For(CommandTable.Create(_ => Task.FromResult(0)), given).Select(c => c.Word);
        found.Except(["--help", "--version"]).Should().BeEquivalentTo(expected.Split(' ', StringSplitOptions.RemoveEmptyEntries));
    }

    [Theory]
    [InlineData("metricsd si", "sigma silence")]
    [InlineData("metricsd silence ", "add expire list")]
    [InlineData("metricsd query 'sum by (host) (up)' --ra", "--range")]
    [InlineData("metricsd rules check --output j", "json")]
    [InlineData("metricsd rules check ", "")]
    public void Bash_completes_by_the_script_that_the_program_prints(string line, string expected)
    {
        (int code, string output) = Bash("""
            source <(metricsd completion bash)
            complete -p metricsd >/dev/null || exit 9
            COMP_LINE="$1" COMP_POINT=${#1}
            _metricsd
            printf '%s\n' "${COMPREPLY[@]}"
            """, line);
        code.Should().Be(0, output);
        string[] found = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        found.Should().BeEquivalentTo(expected.Split(' ', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task Each_shell_has_its_script()
    {
        foreach (string shell in CompletionScripts.Shells)
            (await CliRun.Of("completion", shell)).Output.Should().Contain("complete --");
    }

    /// <summary>Runs the real shell, where the real program can be called by its name.</summary>
    private static (int Code, string Output) Bash(string script, string argument)
    {
        string program = $"metricsd() {{ dotnet '{Path.Combine(AppContext.BaseDirectory, "metricsd.dll")}' \"$@\"; }}\n";
        var start = new ProcessStartInfo("bash", ["--norc", "-c", program + script, "bash", argument])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output + errors.GetAwaiter().GetResult());
    }
}
