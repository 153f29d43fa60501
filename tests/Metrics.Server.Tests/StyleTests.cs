using System.Text.RegularExpressions;

namespace Metrics.Tests;

/// <summary>How the code is laid out; what an editor shows without scrolling.</summary>
public sealed partial class StyleTests
{
    private const int MaxColumns = 140;

    /// <summary>Columns of code in a line that is longer by its texts.</summary>
    private const int MaxCode = 100;

    /// <summary>A line may be longer by the texts in it (captured answers, regular expressions): not by code.</summary>
    [Fact]
    public void No_line_of_code_is_longer_than_140_columns()
    {
        string[] files = [.. Directory.EnumerateFiles(Cases.Repository, "*.cs", SearchOption.AllDirectories)
            .Where(f => f.Contains("/src/", StringComparison.Ordinal) || f.Contains("/tests/", StringComparison.Ordinal))
            .Where(f => !f.Contains("/obj/", StringComparison.Ordinal) && !f.Contains("/bin/", StringComparison.Ordinal))];
        files.Should().HaveCountGreaterThan(300, "a check that looks at nothing keeps nothing");
        files.SelectMany(TooLong).Should().BeEmpty();
    }

    private static IEnumerable<string> TooLong(string file)
    {
        bool isRaw = false;
        int number = 0;
        foreach (string line in File.ReadLines(file))
        {
            number++;
            bool wasRaw = isRaw;
            if (RawQuotes().Count(line) % 2 == 1)
                isRaw = !isRaw;
            if (line.Length > MaxColumns && !wasRaw && !isRaw && SourceLine.CodeColumns(line) > MaxCode)
                yield return $"{Path.GetRelativePath(Cases.Repository, file)}:{number} has {line.Length} columns";
        }
    }

    [Theory]
    [InlineData("""Report("key", "a text");""", 15)]
    [InlineData("""string by = n == 0 ? "" : $" by {string.Join(", ", all.Select(b => $"{b.A}={b.B}"))}";""", 79)]
    [InlineData("""x = '"' + "\"" + @"a""b"[1];""", 22)]
    public void What_stands_between_two_texts_or_in_a_hole_of_one_is_code(string line, int columns) =>
        SourceLine.CodeColumns(line).Should().Be(columns);

    [GeneratedRegex("\"{3,}")]
    private static partial Regex RawQuotes();
}
