using System.CommandLine;
using System.CommandLine.Completions;

namespace Metrics.Cli;

/// <summary>What may stand for the last word of an unfinished command line. Where it is a file's name, nothing: shells know files better.</summary>
internal static class Completions
{
    /// <summary>Finds them.</summary>
    /// <param name="root">All commands.</param>
    /// <param name="words">The words behind the program's name; the last one, perhaps empty, is being typed.</param>
    /// <returns>Words that begin as the last one does, with a description each, perhaps empty.</returns>
    public static IReadOnlyList<(string Word, string Description)> For(RootCommand root, IReadOnlyList<string> words)
    {
        string begun = words.Count > 0 ? words[^1] : "";
        Command command = root;
        foreach (string word in words.SkipLast(1))
            command = command.Subcommands.FirstOrDefault(c => !c.Hidden && c.Name == word) ?? command;
        Option? valued = words.Count > 1 ? command.Options.FirstOrDefault(o => o.Name == words[^2] && o.Arity.MaximumNumberOfValues > 0) : null;
        IEnumerable<(string Word, string Description)> candidates = valued is not null ? ValuesOf(valued.GetCompletions(CompletionContext.Empty))
            : begun.StartsWith('-') ? OptionsOf(command, root)
            : command.Subcommands.Where(c => !c.Hidden).Select(c => (c.Name, c.Description ?? ""))
                .Concat(command.Arguments.SelectMany(a => ValuesOf(a.GetCompletions(CompletionContext.Empty))));
        return [.. candidates.Where(c => c.Word.StartsWith(begun, StringComparison.Ordinal))];
    }

    private static IEnumerable<(string, string)> OptionsOf(Command command, RootCommand root) =>
        command.Options.Concat(root.Options.Where(o => o.Recursive)).Distinct().Where(o => !o.Hidden).Select(o => (o.Name, o.Description ?? ""));

    private static IEnumerable<(string, string)> ValuesOf(IEnumerable<CompletionItem> items) => items.Select(i => (i.InsertText ?? i.Label, i.Detail ?? ""));
}
