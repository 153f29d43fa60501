using System.CommandLine;
using System.Text;
using Metrics.Cli;

namespace Metrics.Tests.Cli;

/// <summary>Writes docs/cli.md from the table of commands.</summary>
internal static class CommandReference
{
    public static string Write(RootCommand root)
    {
        var page = new StringBuilder("""
            # Commands
            Each command also says this by `--help`; `metricsd help COMMAND` is the same. The configuration is `metrics.yaml` of the current
            folder, or the file of `--config`; [any key can be set by environment](configuration.md).

            Commands that ask the running daemon find it by the configuration's `listen`, or by `--url`. The access token is that of
            `--token-file`, else of the environment variable `METRICSD_TOKEN`, else, for a daemon on this machine or the one that the
            configuration describes, the first configured token whose role suffices. The TLS certificate of the daemon that the
            configuration describes is known by its file; that of others must come from an authority of `--ca-file`, else of the system.
            `--url unix:/PATH` asks at a unix socket.

            `--output json` prints data for programs; problems go to standard error in either form.

            `metricsd query` writes numbers for people with the unit that the metric's name or its `# UNIT` says, as long as the expression
            keeps it: `23.0 GB`, `1.5 MB/s`, `12.3 %`, `3 h 5 min`; `--exact`, JSON and CSV have them as they are. CSV has a line for each
            point: `time` (UTC, `2026-01-31T12:00:00.000Z`) is the first column, then one for each label, `__name__` included, in the order
            of their names, and `value` is the last. In a terminal `--range` is a chart as wide as the terminal, with a colour for each
            series unless `NO_COLOR` is set; where a series has no point, there is a gap.

            The files of `metricsd export` have four columns: `name` (the metric, text), `labels` (all labels, `__name__` included, as a text
            of JSON), `time` (UTC; in Parquet a timestamp of microseconds, in CSV `2026-01-31T12:00:00.000Z`) and `value` (a double; null, in
            CSV nothing, where a series ended). They are sorted by name, labels and time. CSV has a line of heads, is quoted as RFC 4180
            says, and writes `nan`, `inf` and `-inf`. A file has its name only when it is whole; where there is no such sample, none is
            written, and the exit code is 1.

            ## Exit codes
            | code | meaning |
            | --- | --- |

            """);
        foreach ((int code, string meaning) in ExitCode.All)
            page.Append(null, $"| {code} | {meaning} |\n");
        page.Append("""

            ## Completion
            `metricsd completion bash|zsh|fish` prints a script by which a shell completes commands, options and their values; its help says
            where it goes.

            """);
        foreach (CliCommand command in CommandPath.CommandsBelow(root))
            WriteCommand(command, page);
        return page.ToString();
    }

    private static void WriteCommand(CliCommand command, StringBuilder page)
    {
        page.Append(null, $"\n## {CommandPath.Of(command)}\n{command.Description}\n\n```\n{CommandPath.UsageOf(command)}\n```\n");
        if (command.Arguments.Count + command.Options.Count > 0)
            page.Append("| word | meaning |\n| --- | --- |\n");
        foreach (Argument argument in command.Arguments)
            page.Append(null, $"| `{argument.Name}` | {Cell(argument.Description)} |\n");
        foreach (Option option in command.Options)
            page.Append(null, $"| `{$"{option.Name} {Cell(option.HelpName)}".TrimEnd()}` | {Cell(option.Description)} |\n");
        page.Append("\n```sh\n");
        foreach (CommandExample example in command.Examples)
            page.Append(null, $"# {example.Does}\n{example.Line}\n");
        page.Append("```\n");
    }

    private static string Cell(string? text) => (text ?? "").Replace("|", "\\|", StringComparison.Ordinal);
}
