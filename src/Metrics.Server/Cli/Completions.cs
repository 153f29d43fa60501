using System.CommandLine;
using System.CommandLine.Completions;

namespace Metrics.Cli;

/// <summary>What may stand for the last word of an unfinished command line; nothing for a file's name, which shells know better.</summary>
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
        string before = words.Count > 1 ? words[^2] : "";
        Option? valued = command.Options.FirstOrDefault(o => o.Name == before && o.Arity.MaximumNumberOfValues > 0);
        IEnumerable<(string Word, string Description)> candidates =
            valued is not null ? ValuesOf(valued.GetCompletions(CompletionContext.Empty))
            : begun.StartsWith('-') ? OptionsOf(command, root)
            : command.Subcommands.Where(c => !c.Hidden).Select(c => (c.Name, c.Description ?? ""))
                .Concat(command.Arguments.SelectMany(a => ValuesOf(a.GetCompletions(CompletionContext.Empty))));
        return [.. candidates.Where(c => c.Word.StartsWith(begun, StringComparison.Ordinal))];
    }

    private static IEnumerable<(string, string)> OptionsOf(Command command, RootCommand root) =>
        command.Options.Concat(root.Options.Where(o => o.Recursive)).Distinct().Select(o => (o.Name, o.Description ?? ""));

    private static IEnumerable<(string, string)> ValuesOf(IEnumerable<CompletionItem> items) =>
        items.Select(i => (i.InsertText ?? i.Label, i.Detail ?? ""));
}
