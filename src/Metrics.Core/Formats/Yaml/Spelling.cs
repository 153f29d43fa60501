namespace Metrics.Formats.Yaml;

/// <summary>Finds what a person probably meant.</summary>
public static class Spelling
{
    /// <summary>The candidate that is fewest edits away, if at most a third of the word's letters must change; null otherwise.</summary>
    public static string? Nearest(string word, IEnumerable<string> candidates)
    {
        (string? Candidate, int Distance) best = (null, Math.Max(1, word.Length / 3) + 1);
        foreach (string candidate in candidates)
        {
            int distance = Distance(word, candidate);
            if (distance < best.Distance)
                best = (candidate, distance);
        }
        return best.Candidate;
    }

    /// <summary>Levenshtein distance: insertions, deletions and replacements of single letters.</summary>
    private static int Distance(string a, string b)
    {
        int[] previous = [.. Enumerable.Range(0, b.Length + 1)];
        for (int i = 1; i <= a.Length; i++)
        {
            var current = new int[b.Length + 1];
            current[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int replace = previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
                current[j] = Math.Min(replace, Math.Min(previous[j], current[j - 1]) + 1);
            }
            previous = current;
        }
        return previous[b.Length];
    }
}
