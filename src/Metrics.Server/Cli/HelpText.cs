using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Metrics.Cli;

/// <summary>The library's help, then examples and exit codes.</summary>
internal sealed class HelpText : SynchronousCommandLineAction
{
    private readonly HelpAction _help = new();

    /// <summary>Columns at which lines are wrapped. Default: as wide as the terminal, at most 140; 100 where there is none.</summary>
    public int Width { get; init; } = Console.IsOutputRedirected || Console.WindowWidth <= 0 ? 100 : Math.Min(140, Console.WindowWidth);

    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        Command command = parseResult.CommandResult.Command;
        TextWriter to = parseResult.InvocationConfiguration.Output;
        if (command is RootCommand root)
            WriteOverview(root, to);
        else
            WriteLibrarys(parseResult);
        WriteExamples(ExamplesOf(command), to);
        to.WriteLine("Exit codes:");
        foreach ((int code, string meaning) in ExitCode.All)
            to.WriteLine($"  {code}  {meaning}");
        return ExitCode.Ok;
    }

    private void WriteLibrarys(ParseResult parseResult)
    {
        _help.MaxWidth = Width;
        _help.Invoke(parseResult);
    }

    /// <summary>All commands at once: the library would show only the first word of each.</summary>
    private static void WriteOverview(RootCommand root, TextWriter to)
    {
        to.WriteLine(root.Description);
        to.WriteLine();
        to.WriteLine($"Usage: {CommandTable.Program} [COMMAND] [--config FILE]");
        to.WriteLine();
        foreach (string line in CommandLines(root))
            to.WriteLine($"  {line}");
        to.WriteLine();
        to.WriteLine("'metricsd COMMAND --help' has its options and more examples.");
        to.WriteLine("Without --config, metrics.yaml of the current folder is used when it is there. Any key can also be set by "
            + "environment:");
        to.WriteLine("METRICS__STORAGE__PATH sets storage.path. The configuration is described in docs/configuration.md.");
        to.WriteLine();
    }

    /// <summary>A line for each command: how it is called, and what it does.</summary>
    internal static IReadOnlyList<string> CommandLines(RootCommand root)
    {
        List<(string Usage, string? Description)> commands =
            [.. CommandPath.CommandsBelow(root).Select(c => (CommandPath.UsageOf(c), c.Description))];
        int widest = commands.Max(c => c.Usage.Length);
        return [.. commands.Select(c => $"{c.Usage.PadRight(widest)}  {c.Description}")];
    }

    private static void WriteExamples(IReadOnlyList<CommandExample> examples, TextWriter to)
    {
        to.WriteLine("Examples:");
        foreach (CommandExample example in examples)
            to.WriteLine($"  {example.Line}\n      {example.Does}");
        to.WriteLine();
    }

    /// <summary>Those of a command; of a group, the first of each of its commands; of the program, those of running.</summary>
    private static IReadOnlyList<CommandExample> ExamplesOf(Command command) => command switch
    {
        CliCommand does => does.Examples,
        RootCommand => CommandPath.CommandsBelow(command).First().Examples,
        _ => [.. CommandPath.CommandsBelow(command).Select(c => c.Examples[0])],
    };
}
