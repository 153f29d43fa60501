using System.CommandLine;

namespace Metrics.Cli;

/// <summary>How a command is called.</summary>
internal static class CommandPath
{
    /// <summary>The program, the words above it and its own, such as <c>metricsd silence add</c>.</summary>
    public static string Of(Command command) =>
        command.Parents.OfType<Command>().FirstOrDefault() is { } parent ? $"{Of(parent)} {command.Name}" : CommandTable.Program;

    /// <summary>Its arguments as help has them, such as <c>MATCHER...</c>.</summary>
    public static string ArgumentsOf(Command command) => string.Join(' ', command.Arguments.Select(a =>
    {
        string name = a.Name + (a.Arity.MaximumNumberOfValues > 1 ? "..." : "");
        return a.Arity.MinimumNumberOfValues == 0 ? $"[{name}]" : name;
    }));

    /// <summary>How it is called and with what, such as <c>metricsd silence add MATCHER... --comment TEXT</c>.</summary>
    public static string UsageOf(Command command)
    {
        IEnumerable<string> required = command.Options.Where(o => o.Required).Select(o => $"{o.Name} {o.HelpName}");
        return string.Join(' ', new[] { Of(command), ArgumentsOf(command) }.Concat(required).Where(w => w.Length > 0));
    }

    /// <summary>Every command that is shown, from the top down, groups left out.</summary>
    public static IEnumerable<CliCommand> CommandsBelow(Command command) => command.Subcommands.Where(c => !c.Hidden)
        .SelectMany(c => (c is CliCommand does ? (IEnumerable<CliCommand>)[does] : []).Concat(CommandsBelow(c)));
}
