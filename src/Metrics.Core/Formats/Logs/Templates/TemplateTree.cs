using System.Text;

namespace Metrics.Formats.Logs.Templates;

/// <summary>
/// The kinds of lines of one source, found as they come: Drain. A tree of fixed depth leads by the number of words and by the first word to
/// few templates; the one that shares most words with the line is its kind, where that are enough. Else the line is of a new kind. One
/// thread at a time.
/// </summary>
/// <remarks>
/// P. He, J. Zhu, Z. Zheng, M. R. Lyu: Drain: An Online Log Parsing Approach with Fixed Depth Tree, ICWS 2017. With one layer of words, as
/// in the paper; the two layers of a tree that is never deeper are one dictionary here.
/// </remarks>
/// <param name="seed">Of the numbers of words; secret.</param>
public sealed class TemplateTree(ulong seed)
{
    /// <summary>Share of the words that a line must have in common with its template.</summary>
    public const double MinSimilarity = 0.6;

    /// <summary>First words that have a place of their own, for one number of words; others share one, as in the paper.</summary>
    private const int MaxFirstWords = 100;

    /// <summary>Words that are compared; what comes behind them says nothing new of a line's kind.</summary>
    private const int MaxWords = 64;

    private readonly Dictionary<(int Length, ulong FirstWord), List<LineTemplate>> _leaves = [];
    private readonly Dictionary<int, int> _firstWords = [];

    /// <summary>How many kinds there are.</summary>
    public int Count { get; private set; }

    /// <summary>Bytes that they take, about.</summary>
    public long Bytes { get; private set; }

    /// <summary>All of them, in no order.</summary>
    public IEnumerable<LineTemplate> All => _leaves.Values.SelectMany(l => l);

    /// <summary>Finds the kind of a line; where that has other words in a place, they are masked there from now on.</summary>
    /// <param name="masked">The line behind <see cref="LineMask"/>; not empty.</param>
    /// <returns>Its kind; null where none fits.</returns>
    public LineTemplate? Find(ReadOnlySpan<byte> masked)
    {
        Span<ulong> words = stackalloc ulong[MaxWords];
        words = words[..Split(masked, words)];
        LineTemplate? found = MostAlike(words.Length, words[0], words) ?? MostAlike(words.Length, 0, words);
        found?.Widen(words);
        return found;
    }

    /// <summary>Adds a kind.</summary>
    /// <param name="id">Names it.</param>
    /// <param name="masked">Its first line behind <see cref="LineMask"/>, or what was stored of it; not empty.</param>
    /// <param name="example">That line as it was.</param>
    /// <param name="first">When that was, nanoseconds since 1970 UTC.</param>
    public LineTemplate Add(long id, ReadOnlySpan<byte> masked, ReadOnlySpan<byte> example, long first)
    {
        var words = new ulong[MaxWords];
        int count = Split(masked, words);
        var template = new LineTemplate(Encoding.UTF8.GetString(masked), words[..count], LineTemplate.ExampleOf(example))
        {
            Id = id, First = first,
        };
        (int, ulong) key = PlaceOf(template.Length, template.FirstWord);
        if (!_leaves.TryGetValue(key, out List<LineTemplate>? leaf))
        {
            _leaves.Add(key, leaf = []);
            _firstWords[template.Length] = _firstWords.GetValueOrDefault(template.Length) + 1;
        }
        leaf.Add(template);
        Count++;
        Bytes += template.Bytes;
        return template;
    }

    /// <summary>Takes a kind out: its next line is of a new one.</summary>
    public void Remove(LineTemplate template)
    {
        foreach (((int Length, ulong) key, List<LineTemplate> leaf) in _leaves)
        {
            if (key.Length != template.Length || !leaf.Remove(template))
                continue;
            template.IsGone = true;
            Count--;
            Bytes -= template.Bytes;
            if (leaf.Count == 0)
            {
                _leaves.Remove(key);
                _firstWords[key.Length]--;
            }
            return;
        }
    }

    private LineTemplate? MostAlike(int length, ulong first, ReadOnlySpan<ulong> words)
    {
        if (!_leaves.TryGetValue((length, first), out List<LineTemplate>? leaf))
            return null;
        (LineTemplate? best, int most) = (null, (int)Math.Ceiling(MinSimilarity * words.Length));
        foreach (LineTemplate template in leaf)
        {
            int same = template.CountSame(words);
            if (same < most)
                continue;
            (best, most) = (template, same + 1);
        }
        return best;
    }

    private (int Length, ulong FirstWord) PlaceOf(int length, ulong first) =>
        _leaves.ContainsKey((length, first)) || _firstWords.GetValueOrDefault(length) < MaxFirstWords ? (length, first) : (length, 0);

    /// <returns>How many words there are.</returns>
    private int Split(ReadOnlySpan<byte> masked, Span<ulong> words)
    {
        int count = 0;
        while (count < words.Length)
        {
            int end = masked.IndexOf((byte)' ');
            words[count++] = HashOf(end < 0 ? masked : masked[..end]);
            if (end < 0)
                break;
            masked = masked[(end + 1)..];
        }
        return count;
    }

    /// <summary>Which mask a word got is chance: of two ids one may be a number.</summary>
    private ulong HashOf(ReadOnlySpan<byte> word) => word is [>= LineMask.Any and < (byte)' '] ? 0 : LineHash.Of(word, seed);
}
