using System.CommandLine;
using System.CommandLine.Parsing;
using Metrics.Text;

namespace Metrics.Cli;

/// <summary>Says in one sentence what is wrong with the words of a command line.</summary>
internal static class Misuse
{
    /// <summary>The first thing that is wrong, or null.</summary>
    public static string? Of(ParseResult parse)
    {
        Command command = parse.CommandResult.Command;
        if (parse.Action is HelpText or VersionAction)
            return command.Subcommands.Count > 0 && parse.UnmatchedTokens is [var asked, ..] ? WordText(asked, command) : null;
        if (UnknownOption(parse) is { } word)
            return OptionText(word.Split('=')[0], command, parse.RootCommandResult.Command);
        if (StrangeOption(parse) is { } option)
            return OptionText(option.Name, command, parse.RootCommandResult.Command);
        if (parse.UnmatchedTokens is [var unmatched, ..])
            return WordText(unmatched, command);
        return parse.Errors is [var error, ..] ? ErrorText(error, command) : null;
    }

    /// <summary>A word that looks like an option: the library takes one that it does not know as an argument.</summary>
    private static string? UnknownOption(ParseResult parse)
    {
        HashSet<Token> values = [.. OptionsGiven(parse).SelectMany(o => o.Tokens)];
        // Behind two dashes all words are arguments.
        return parse.Tokens.TakeWhile(t => t.Type != TokenType.DoubleDash)
            .Where(t => t.Type == TokenType.Argument && t.Value.StartsWith("--", StringComparison.Ordinal) && !values.Contains(t))
            .Select(t => t.Value).FirstOrDefault();
    }

    /// <summary>An option that stood before the command and means something only above it.</summary>
    private static Option? StrangeOption(ParseResult parse)
    {
        Command command = parse.CommandResult.Command;
        return OptionsGiven(parse).Select(o => o.Option).FirstOrDefault(o => !o.Recursive && !command.Options.Contains(o));
    }

    private static IEnumerable<OptionResult> OptionsGiven(ParseResult parse)
    {
        for (SymbolResult? at = parse.CommandResult; at is CommandResult command; at = command.Parent)
        {
            foreach (OptionResult option in command.Children.OfType<OptionResult>().Where(o => !o.Implicit))
                yield return option;
        }
    }

    private static string OptionText(string option, Command command, Command root)
    {
        string here = CommandPath.Of(command);
        string[] own = [.. command.Options.Select(o => o.Name)];
        if (own.Contains(option))
            return $"{option} must stand behind '{here}'";
        IEnumerable<Command> having = CommandPath.CommandsBelow(root).Where(c => c.Options.Any(o => o.Name == option));
        string[] elsewhere = [.. having.Select(c => $"'{CommandPath.Of(c)}'")];
        if (elsewhere.Length > 0)
            return $"{option} means nothing to '{here}'; it is an option of {Some(elsewhere)}";
        return $"{option} is not an option of '{here}'{Nearest(option, own.Append("--help"))}";
    }

    private static string WordText(string word, Command command)
    {
        string here = CommandPath.Of(command);
        if (command.Subcommands.Count > 0 && command.Arguments.Count == 0)
        {
            string[] known = [.. command.Subcommands.Where(c => !c.Hidden).Select(c => c.Name)];
            string near = Nearest(word, known);
            return command is RootCommand ? $"'{word}' is not a command{near}" : $"'{word}' is not a command of '{here}'{near}";
        }
        return command.Arguments.Count == 0
            ? $"'{here}' takes no argument such as '{word}'"
            : $"'{word}' is one argument too many for '{here} {CommandPath.ArgumentsOf(command)}'; quote one that has spaces";
    }

    private static string ErrorText(ParseError error, Command command) => error.SymbolResult switch
    {
        OptionResult { Option: { } option, Implicit: true } => $"'{CommandPath.Of(command)}' needs {option.Name} {option.HelpName}",
        OptionResult { Tokens.Count: 0, Option: { } option } => $"{option.Name} needs a value: {option.Name} {option.HelpName}",
        OptionResult { IdentifierTokenCount: > 1, Option: { } option } => $"{option.Name} is given twice",
        ArgumentResult { Tokens.Count: 0 } => $"'{CommandPath.Of(command)}' needs {CommandPath.ArgumentsOf(command)}",
        CommandResult when command is CommandGroup =>
            $"'{CommandPath.Of(command)}' needs a command: {string.Join(", ", command.Subcommands.Select(c => c.Name))}",
        _ => error.Message,
    };

    private static string Some(string[] commands) =>
        commands.Length <= 3 ? string.Join(", ", commands) : $"{string.Join(", ", commands.Take(3))} and {commands.Length - 3} more";

    private static string Nearest(string word, IEnumerable<string> candidates) =>
        Spelling.Nearest(word, candidates) is { } near ? $"; did you mean {(near.StartsWith('-') ? near : $"'{near}'")}?" : "";
}
