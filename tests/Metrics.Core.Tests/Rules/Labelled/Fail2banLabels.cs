using System.Text.Json;
using System.Text.RegularExpressions;

namespace Metrics.Tests.Rules.Labelled;

/// <summary>What fail2ban's own tests say of a line, in the comment before it.</summary>
internal static class Fail2banLabels
{
    private const string Mark = "# failJSON:";

    /// <summary>Lines with what is said of them; a journal's lines have no time, and get one.</summary>
    public static IEnumerable<(JsonElement Label, string Line)> Read(IEnumerable<string> lines)
    {
        JsonElement? label = null;
        foreach (string line in lines.Where(l => l.Length > 0))
        {
            if (line.StartsWith(Mark, StringComparison.Ordinal))
            {
                label = JsonDocument.Parse(line[Mark.Length..]).RootElement;
            }
            else if (line[0] != '#' && label is { } of)
            {
                label = null;
                yield return (of, Regex.IsMatch(line, @"^\w+ [\w-]+(\[\d+\])?:") ? "Nov 26 08:00:00 " + line : line);
            }
        }
    }
}
