using Metrics.Cli;

namespace Metrics.Tests.Cli;

/// <summary>What is written about commands is what they are; <c>UPDATE_GOLDEN=1</c> writes it anew.</summary>
public sealed class CommandReferenceTests
{
    private const string Head = "## Commands\n", Fence = "```\n";

    [Fact]
    public void The_document_of_the_commands_is_that_of_the_table() =>
        Holds(Path.Combine(Cases.Repository, "docs", "cli.md"), _ => CommandReference.Write(CommandTable.Create(_ => Task.FromResult(0))));

    [Fact]
    public void The_readme_lists_every_command() => Holds(Path.Combine(Cases.Repository, "README.md"), text =>
    {
        int start = text.IndexOf(Fence, text.IndexOf(Head, StringComparison.Ordinal), StringComparison.Ordinal) + Fence.Length;
        int end = text.IndexOf(Fence, start, StringComparison.Ordinal);
        IEnumerable<string> lines = HelpText.CommandLines(CommandTable.Create(_ => Task.FromResult(0)));
        return text[..start] + string.Concat(lines.Select(l => l + "\n")) + text[end..];
    });

    private static void Holds(string file, Func<string, string> write)
    {
        string now = File.Exists(file) ? File.ReadAllText(file) : "";
        string right = write(now);
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1")
            File.WriteAllText(file, right);
        else
            now.Should().Be(right, $"UPDATE_GOLDEN=1 writes {Path.GetFileName(file)}");
    }
}
