namespace Metrics.Text.Expressions;

/// <summary>A set of code points, as ranges in order that do not touch. Immutable.</summary>
internal sealed class RuneSet
{
    /// <summary>The last code point.</summary>
    public const int Last = 0x10FFFF;

    private readonly (int Low, int High)[] _ranges;

    private RuneSet((int Low, int High)[] ranges) => _ranges = ranges;

    /// <summary>Every code point.</summary>
    public static RuneSet All { get; } = new([(0, Last)]);

    /// <summary>Every code point but a line feed.</summary>
    public static RuneSet NoLineFeed { get; } = Of('\n').Inverted();

    /// <summary>From low to high, both included.</summary>
    public IReadOnlyList<(int Low, int High)> Ranges => _ranges;

    /// <summary>Whether no code point is missing.</summary>
    public bool IsAll => _ranges is [(0, Last)];

    /// <summary>One code point.</summary>
    public static RuneSet Of(int rune) => new([(rune, rune)]);

    /// <summary>Ranges in whatever order.</summary>
    public static RuneSet Of(List<(int Low, int High)> ranges)
    {
        ranges.Sort();
        var merged = new List<(int Low, int High)>(ranges.Count);
        foreach ((int low, int high) in ranges)
        {
            if (merged.Count > 0 && low <= merged[^1].High + 1)
                merged[^1] = (merged[^1].Low, Math.Max(merged[^1].High, high));
            else
                merged.Add((low, high));
        }
        return new RuneSet([.. merged]);
    }

    /// <summary>All that is in one of several.</summary>
    public static RuneSet Union(IEnumerable<RuneSet> sets) => Of([.. sets.SelectMany(s => s._ranges)]);

    /// <summary>All that is not in this one.</summary>
    public RuneSet Inverted()
    {
        var others = new List<(int Low, int High)>(_ranges.Length + 1);
        int next = 0;
        foreach ((int low, int high) in _ranges)
        {
            if (low > next)
                others.Add((next, low - 1));
            next = high + 1;
        }
        if (next <= Last)
            others.Add((next, Last));
        return new RuneSet([.. others]);
    }
}
