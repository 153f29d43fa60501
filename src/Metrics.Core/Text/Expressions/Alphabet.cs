using System.Text;

namespace Metrics.Text.Expressions;

/// <summary>
/// Writes texts so that .NET reads them as RE2 would: what lies beyond ASCII becomes one unit of UTF-16, that .NET holds for no part of a
/// word, and is the same for all code points that an expression does not tell apart.
/// Immutable.
/// </summary>
internal sealed class Alphabet
{
    private const int FirstRune = 0x80;

    /// <summary>From the first surrogate to the last unit of private use.</summary>
    private const int FirstUnit = 0xD800;

    /// <summary>The most kinds of code points.</summary>
    public const int MaxKinds = 0xF8FF - FirstUnit + 1;

    /// <summary>Where code points of another kind begin, and which.</summary>
    private readonly int[] _starts;

    private readonly int[] _kinds;

    /// <param name="tree">The expression.</param>
    public Alphabet(Re2Node tree)
    {
        RuneSet[] sets = [.. Sets(tree).Where(s => !s.IsAll)];
        _starts =
        [
            .. sets.SelectMany(s => s.Ranges).SelectMany(r => new[] { r.Low, r.High + 1 })
                .Where(r => r is > FirstRune and <= RuneSet.Last).Append(FirstRune).Distinct().Order(),
        ];
        _kinds = Kinds(sets);
        Count = _kinds.Max() + 1;
    }

    /// <summary>How many kinds there are.</summary>
    public int Count { get; }

    /// <summary>A set as units.</summary>
    public RuneSet Units(RuneSet set) => RuneSet.Of(
    [
        .. set.Ranges.Where(r => r.Low < FirstRune).Select(r => (r.Low, Math.Min(r.High, FirstRune - 1))),
        .. Places(set).Select(p => (FirstUnit + _kinds[p], FirstUnit + _kinds[p])),
    ]);

    /// <summary>A text as units, and where each begins in the text; null where each is one there too.</summary>
    public (string Units, int[]? Starts) Spell(string text)
    {
        char[] units = new char[text.Length];
        int[] starts = new int[text.Length + 1];
        int count = 0;
        int at = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            starts[count] = at;
            units[count++] = rune.IsAscii ? (char)rune.Value : (char)(FirstUnit + KindOf(rune.Value));
            at += rune.Utf16SequenceLength;
        }
        starts[count] = at;
        return (new string(units, 0, count), count == text.Length ? null : starts);
    }

    /// <summary>Of the places: two are of one kind where no set holds one without the other.</summary>
    private int[] Kinds(RuneSet[] sets)
    {
        int[] kinds = new int[_starts.Length];
        int next = 1;
        foreach (RuneSet set in sets)
        {
            var inSet = new Dictionary<int, int>();
            foreach (int place in Places(set))
            {
                if (!inSet.TryGetValue(kinds[place], out int kind))
                    inSet[kinds[place]] = kind = next++;
                kinds[place] = kind;
            }
        }
        var numbers = new Dictionary<int, int>();
        foreach (int kind in kinds)
            numbers.TryAdd(kind, numbers.Count);
        return [.. kinds.Select(k => numbers[k])];
    }

    private static IEnumerable<RuneSet> Sets(Re2Node node) => node switch
    {
        OneOf one => [one.Set],
        Sequence sequence => sequence.Parts.SelectMany(Sets),
        Choice choice => choice.Parts.SelectMany(Sets),
        CaptureGroup capture => Sets(capture.Part),
        Repeat repeat => Sets(repeat.Part),
        _ => [],
    };

    private int KindOf(int rune)
    {
        int at = Array.BinarySearch(_starts, rune);
        return _kinds[at < 0 ? ~at - 1 : at];
    }

    private IEnumerable<int> Places(RuneSet set)
    {
        foreach ((int low, int high) in set.Ranges.Where(r => r.High >= FirstRune))
        {
            int at = Array.BinarySearch(_starts, Math.Max(low, FirstRune));
            for (; at < _starts.Length && _starts[at] <= high; at++)
                yield return at;
        }
    }
}
