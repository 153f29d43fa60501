using System.Text.RegularExpressions;

namespace Metrics.Tests;

/// <summary>How the code is laid out; what an editor shows without scrolling.</summary>
public sealed partial class StyleTests
{
    private const int MaxColumns = 140;

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
            if (line.Length > MaxColumns && !wasRaw && !isRaw && !IsData(line))
                yield return $"{Path.GetRelativePath(Cases.Repository, file)}:{number} has {line.Length} columns";
        }
    }

    /// <summary>Whether a line is mostly a text: what stands before its first and behind its last quote is short.</summary>
    private static bool IsData(string line)
    {
        int first = line.IndexOf('"', StringComparison.Ordinal), last = line.LastIndexOf('"');
        return last > first && line.Length - (last - first) <= MaxColumns / 2 && LongText().IsMatch(line);
    }

    [GeneratedRegex("\"{3,}")]
    private static partial Regex RawQuotes();

    /// <summary>A text, or what stands between two holes of one, of more than a few words.</summary>
    [GeneratedRegex("\"{3}|\"[^\"]{30,}|[^\"]{30,}\"|\\\\\"")]
    private static partial Regex LongText();
}
