namespace Metrics.Text;

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

    /// <summary>Insertions, deletions, replacements, and swaps of neighbours (optimal string alignment).</summary>
    private static int Distance(string a, string b)
    {
        var d = new int[a.Length + 1, b.Length + 1];
        for (int i = 0; i <= a.Length; i++)
            d[i, 0] = i;
        for (int j = 0; j <= b.Length; j++)
            d[0, j] = j;
        for (int i = 1; i <= a.Length; i++)
        {
            for (int j = 1; j <= b.Length; j++)
            {
                int replace = d[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
                d[i, j] = Math.Min(replace, Math.Min(d[i - 1, j], d[i, j - 1]) + 1);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                    d[i, j] = Math.Min(d[i, j], d[i - 2, j - 2] + 1);
            }
        }
        return d[a.Length, b.Length];
    }
}
