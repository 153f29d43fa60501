namespace Metrics.Model;

/// <summary>
/// Gives the same array for the same label names, most of the time: the series of a metric all have them. Bounded: a fixed number of
/// places, the newer names take the place. Safe for use by several threads; a race costs a copy.
/// </summary>
internal static class LabelNames
{
    private static readonly string[]?[] s_places = new string[]?[1 << 12];

    /// <summary>The names of sorted labels; never to be written to.</summary>
    public static string[] Share(ReadOnlySpan<Label> sorted)
    {
        // Lengths and last letters tell names apart well enough, without a look at every letter.
        int hash = sorted.Length;
        foreach (Label label in sorted)
            hash = (hash * 31) + (label.Name.Length << 8) + label.Name[^1];
        ref string[]? place = ref s_places[(uint)(hash * -1640531535) >> 20];
        if (place is { } known && IsSame(known, sorted))
            return known;
        var names = new string[sorted.Length];
        for (int i = 0; i < names.Length; i++)
            names[i] = sorted[i].Name;
        return place = names;
    }

    private static bool IsSame(string[] names, ReadOnlySpan<Label> sorted)
    {
        if (names.Length != sorted.Length)
            return false;
        for (int i = 0; i < names.Length; i++)
        {
            if (names[i] != sorted[i].Name)
                return false;
        }
        return true;
    }
}
