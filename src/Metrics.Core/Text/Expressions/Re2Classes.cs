namespace Metrics.Text.Expressions;

/// <summary>Reads a class in brackets.</summary>
internal static class Re2Classes
{
    private static readonly Dictionary<string, RuneSet> s_posix = new()
    {
        ["alnum"] = RuneSet.Of([('0', '9'), ('A', 'Z'), ('a', 'z')]),
        ["alpha"] = RuneSet.Of([('A', 'Z'), ('a', 'z')]),
        ["ascii"] = RuneSet.Of([(0, 0x7F)]),
        ["blank"] = RuneSet.Of([('\t', '\t'), (' ', ' ')]),
        ["cntrl"] = RuneSet.Of([(0, 0x1F), (0x7F, 0x7F)]),
        ["digit"] = RuneSet.Of([('0', '9')]),
        ["graph"] = RuneSet.Of([('!', '~')]),
        ["lower"] = RuneSet.Of([('a', 'z')]),
        ["print"] = RuneSet.Of([(' ', '~')]),
        ["punct"] = RuneSet.Of([('!', '/'), (':', '@'), ('[', '`'), ('{', '~')]),
        ["space"] = RuneSet.Of([('\t', '\r'), (' ', ' ')]),
        ["upper"] = RuneSet.Of([('A', 'Z')]),
        ["word"] = RuneSet.Of([('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')]),
        ["xdigit"] = RuneSet.Of([('0', '9'), ('A', 'F'), ('a', 'f')]),
    };

    /// <summary>From its bracket on.</summary>
    public static RuneSet Read(Re2Cursor cursor, bool folds)
    {
        int start = cursor.At;
        cursor.Skip(1);
        bool isInverted = cursor.Takes("^");
        var sets = new List<RuneSet>();
        var ranges = new List<(int Low, int High)>();
        // The first sign is one of the class, whatever it is.
        for (bool isFirst = true; isFirst || !cursor.Takes("]"); isFirst = false)
        {
            RuneSet? set = Posix(cursor, folds) ?? Re2Escapes.Class(cursor, folds);
            if (set is not null)
                sets.Add(set);
            else
                ranges.Add(Range(cursor, start));
            cursor.CountRanges(set?.Ranges.Count ?? 1);
        }
        var own = RuneSet.Of(ranges);
        sets.Add(folds ? CaseFolding.Fold(own) : own);
        var all = RuneSet.Union(sets);
        return isInverted ? all.Inverted() : all;
    }

    private static (int Low, int High) Range(Re2Cursor cursor, int start)
    {
        int at = cursor.At;
        int low = Rune(cursor, start);
        if (cursor.Rest is not ['-', not ']', ..])
            return (low, low);
        cursor.Skip(1);
        int high = Rune(cursor, start);
        return high >= low ? (low, high) : throw cursor.Wrong($"has the range {cursor.Since(at)}, which ends before it begins");
    }

    private static int Rune(Re2Cursor cursor, int start)
    {
        if (cursor.IsAtEnd)
            throw cursor.Wrong($"has {cursor.Since(start)} without its ]");
        return cursor.Rest[0] == '\\' ? Re2Escapes.Rune(cursor) : cursor.Next();
    }

    private static RuneSet? Posix(Re2Cursor cursor, bool folds)
    {
        if (!cursor.Rest.StartsWith("[:") || cursor.Rest[2..].IndexOf(":]") is not (>= 0 and var end))
            return null;
        string name = cursor.Rest.Slice(2, end).ToString();
        bool isInverted = name.StartsWith('^');
        if (!s_posix.TryGetValue(isInverted ? name[1..] : name, out RuneSet? set))
            throw cursor.Wrong($"has [:{name}:]; classes are {string.Join(", ", s_posix.Keys)}");
        cursor.Skip(end + 4);
        return Re2Escapes.Finished(set, folds, isInverted);
    }
}
