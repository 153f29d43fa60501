using System.Text;

namespace Metrics.Text.Expressions;

/// <summary>
/// Which letters are the same but for their case, by Unicode's simple folding: <c>k</c>, <c>K</c> and the sign for kelvin are.
/// </summary>
internal static class CaseFolding
{
    /// <summary>An old form of <c>s</c>, which .NET takes for another letter.</summary>
    private const int LongS = 0x17F;

    /// <summary>Beyond it there is no case.</summary>
    private const int LastCased = 0x1FFFF;

    private static readonly Lazy<(int[] Letters, Dictionary<int, int[]> Same)> s_table = new(Table);

    /// <summary>A set with all that differs from its code points in nothing but case.</summary>
    public static RuneSet Fold(RuneSet set)
    {
        (int[] letters, Dictionary<int, int[]> same) = s_table.Value;
        List<(int Low, int High)> ranges = [.. set.Ranges];
        foreach ((int low, int high) in set.Ranges)
        {
            int at = Array.BinarySearch(letters, low);
            for (at = at < 0 ? ~at : at; at < letters.Length && letters[at] <= high; at++)
            {
                foreach (int letter in same[letters[at]])
                {
                    if (letter < low || letter > high)
                        ranges.Add((letter, letter));
                }
            }
        }
        return RuneSet.Of(ranges);
    }

    private static (int[] Letters, Dictionary<int, int[]> Same) Table()
    {
        var same = new Dictionary<int, int[]>();
        for (int i = 0; i <= LastCased; i++)
        {
            if (!Rune.IsValid(i))
                continue;
            var rune = new Rune(i);
            Join(i, Rune.ToUpperInvariant(rune).Value);
            Join(i, Rune.ToLowerInvariant(rune).Value);
        }
        Join('s', LongS);
        return ([.. same.Keys.Order()], same);

        void Join(int one, int other)
        {
            if (one == other)
                return;
            int[] joined = [.. Of(one).Union(Of(other))];
            foreach (int letter in joined)
                same[letter] = joined;
        }

        int[] Of(int letter) => same.TryGetValue(letter, out int[]? known) ? known : [letter];
    }
}
