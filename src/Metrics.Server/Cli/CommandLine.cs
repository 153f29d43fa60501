using System.CommandLine;
using Metrics.Configuration;
using Metrics.Hosting;
using Metrics.Storage;
using Metrics.Text;

namespace Metrics.Cli;

/// <summary>The command line of <c>metricsd</c>: parses the words, refuses wrong use, runs the command.</summary>
/// <remarks>Exit codes: <see cref="ExitCode"/>.</remarks>
internal static class CommandLine
{
    // A word such as -up is an expression, @file is a word, and options are spelled out.
    private static readonly ParserConfiguration s_parser = new() { EnablePosixBundling = false, ResponseFileTokenReplacer = null };

    /// <summary>Runs a command.</summary>
    /// <param name="args">The words behind <c>metricsd</c>.</param>
    /// <param name="run">Runs the daemon.</param>
    public static Task<int> RunAsync(string[] args, Func<ConfigurationSource, Task<int>> run) =>
        RunAsync(args, run, Console.Out, Console.Error);

    /// <inheritdoc cref="RunAsync(string[], Func{ConfigurationSource, Task{int}})"/>
    /// <param name="args">The words behind <c>metricsd</c>.</param>
    /// <param name="run">Runs the daemon.</param>
    /// <param name="output">Standard output.</param>
    /// <param name="error">Standard error.</param>
    internal static async Task<int> RunAsync(string[] args, Func<ConfigurationSource, Task<int>> run, TextWriter output, TextWriter error)
    {
        // With the program's name before them, which the library drops: without it, it would drop a first word that is the same.
        ParseResult parse = CommandTable.Create(run).Parse([RootCommand.ExecutableName, .. HelpWord(args)], s_parser);
        if (Misuse.Of(parse) is { } problem)
        {
            error.WriteLine($"metricsd: {problem}");
            error.WriteLine($"Try '{CommandPath.Of(parse.CommandResult.Command)} --help'.");
            return ExitCode.Misuse;
        }
        try
        {
            // The daemon ends by its host's own order of stopping, the other commands at once: the library shall not wait for either.
            return await parse.InvokeAsync(new InvocationConfiguration
            {
                Output = output,
                Error = error,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
            });
        }
        catch (CommandException e)
        {
            Write($"metricsd: {e.Message}", error);
            return e.ExitCode;
        }
        catch (Exception e) when (e is ConfigurationException or StoreException)
        {
            Write(e.Message, error);
            return ExitCode.Misuse;
        }
    }

    /// <summary>An error may hold what stands in a file of others, or what answers at an address.</summary>
    private static void Write(string message, TextWriter to)
    {
        foreach (string line in message.Split('\n'))
            to.WriteLine(PlainText.Line(line));
    }

    /// <summary><c>help silence add</c> is <c>silence add --help</c>.</summary>
    private static string[] HelpWord(string[] args) => args is ["help", .. var command] ? [.. command, "--help"] : args;
}
