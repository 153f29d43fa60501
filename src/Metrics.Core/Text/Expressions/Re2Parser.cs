namespace Metrics.Text.Expressions;

/// <summary>Reads RE2's syntax by the rules of Go's regexp/syntax, which Prometheus runs.</summary>
/// <remarks>https://github.com/google/re2/wiki/Syntax</remarks>
internal sealed class Re2Parser
{
    private const int MaxHeight = 1000;

    private readonly Re2Cursor _cursor;
    private readonly bool _whole;
    private readonly List<string?> _names = [null];

    private Re2Parser(string pattern, bool whole) => (_cursor, _whole) = (new Re2Cursor(pattern), whole);

    /// <summary>Reads an expression.</summary>
    /// <param name="pattern">The expression.</param>
    /// <param name="whole">Whether it is for whole values: Prometheus puts <c>^(?s:</c> and <c>)$</c> around it.</param>
    /// <param name="dotAll">Whether the dot takes line feeds.</param>
    /// <returns>The tree; the names of its groups by number, null where one has none; how many ranges its classes have.</returns>
    /// <exception cref="ArgumentException">It is not valid, or too large; the message says why.</exception>
    public static (Re2Node Tree, IReadOnlyList<string?> Names, int Ranges) Read(string pattern, bool whole, bool dotAll)
    {
        var parser = new Re2Parser(pattern, whole);
        Re2Node tree = parser.Alternatives(default(Re2Flags) with { DotAll = dotAll }, depth: 0);
        return tree.Size > Re2Cursor.MaxNodes ? throw parser._cursor.TooLarge() : (tree, parser._names, parser._cursor.Ranges);
    }

    /// <summary>Up to the end, or to the bracket that ends the group.</summary>
    private Re2Node Alternatives(Re2Flags flags, int depth)
    {
        if (depth >= MaxHeight)
            throw _cursor.Wrong($"nests more than {MaxHeight} deep");
        var alternatives = new List<Re2Node>();
        var parts = new List<Re2Node>();
        bool wasRepeated = false;
        while (!_cursor.IsAtEnd && !(_cursor.Rest[0] == ')' && depth > 0))
        {
            bool isRepeated = false;
            int start = _cursor.At;
            if (_cursor.Takes("|"))
            {
                alternatives.Add(Joined(parts));
                parts = [];
            }
            else if (_cursor.Takes(")"))
            {
                throw _cursor.Wrong("has a ) without its (");
            }
            else if (_cursor.Takes("("))
            {
                if (Group(ref flags, depth, start) is { } group)
                    parts.Add(group);
            }
            else if (Re2Repeats.Read(_cursor, flags) is { } repeat)
            {
                Apply(repeat, parts, start, wasRepeated);
                isRepeated = true;
            }
            else if (_cursor.Takes(@"\Q"))
            {
                AddQuoted(parts, flags);
            }
            else
            {
                parts.Add(Single(flags));
            }
            wasRepeated = isRepeated;
        }
        alternatives.Add(Joined(parts));
        return alternatives.Count == 1 ? alternatives[0] : new Choice(alternatives);
    }

    private Re2Node Joined(List<Re2Node> parts)
    {
        if (parts.Count == 0)
            _cursor.CountNode();
        return parts.Count == 1 ? parts[0] : new Sequence(parts);
    }

    /// <summary>What stands behind an opening bracket; null where it only switches flags.</summary>
    private Re2Node? Group(ref Re2Flags flags, int depth, int start)
    {
        Re2Flags inside = flags;
        bool isKept = true;
        if (_cursor.Rest.StartsWith("?P<") || _cursor.Rest.StartsWith("?<"))
        {
            _names.Add(Name(start));
        }
        else if (_cursor.Takes("?"))
        {
            if (_cursor.Rest is ['=' or '!' or '>' or '(', ..])
                throw NotInRe2();
            (inside, bool opensGroup) = flags.Read(_cursor, start);
            if (!opensGroup)
            {
                flags = inside;
                return null;
            }
            isKept = false;
        }
        else
        {
            _names.Add(null);
        }
        Re2Node part = Alternatives(inside, depth + 1);
        if (!_cursor.Takes(")"))
            throw _cursor.Wrong("has a ( without its )");
        return isKept ? new CaptureGroup(part) : part;
    }

    private string Name(int start)
    {
        _cursor.Skip(_cursor.Rest.IndexOf('<') + 1);
        if (_cursor.Rest is ['=' or '!', ..])
            throw NotInRe2();
        int end = _cursor.Rest.IndexOf('>');
        string name = end < 0 ? "" : _cursor.Rest[..end].ToString();
        if (name.Length == 0 || !name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_'))
            throw _cursor.Wrong($"has {_cursor.Since(start)} without a name; names are letters, digits and _, in <…>");
        _cursor.Skip(end + 1);
        return name;
    }

    private void Apply(Re2Repeats repeat, List<Re2Node> parts, int start, bool wasRepeated)
    {
        string sign = _cursor.Since(start);
        if (wasRepeated)
            throw _cursor.Wrong($"has {sign} behind another repetition; RE2 has no possessive ones");
        if (parts.Count == 0)
            throw _cursor.Wrong($"has {sign} with nothing before it that it repeats");
        var repeated = new Repeat(parts[^1], repeat.Min, repeat.Max, repeat.IsLazy);
        if (repeated.Height > MaxHeight)
            throw _cursor.Wrong($"nests more than {MaxHeight} deep");
        if (!repeat.FitsAround(repeated))
        {
            throw _cursor.Wrong(
                $"has {sign}; a repetition and those in it are at most {Re2Repeats.MaxCopies} together, the smaller number first");
        }
        parts[^1] = repeated;
    }

    private void AddQuoted(List<Re2Node> parts, Re2Flags flags)
    {
        while (!_cursor.Takes(@"\E"))
        {
            // It goes on to the end, and what Prometheus puts there is quoted too.
            if (_cursor.IsAtEnd && _whole)
                throw _cursor.Wrong(@"has a \Q without its \E");
            if (_cursor.IsAtEnd)
                return;
            parts.Add(Literal(_cursor.Next(), flags));
        }
    }

    private Re2Node Single(Re2Flags flags)
    {
        switch (_cursor.Rest)
        {
            case ['^', ..]:
                return PlaceOf(flags.ByLine ? PlaceKind.LineStart : PlaceKind.TextStart, 1);
            case ['$', ..]:
                return PlaceOf(flags.ByLine ? PlaceKind.LineEnd : PlaceKind.TextEnd, 1);
            case ['\\', 'A', ..]:
                return PlaceOf(PlaceKind.TextStart, 2);
            case ['\\', 'z', ..]:
                return PlaceOf(PlaceKind.TextEnd, 2);
            case ['\\', 'b', ..]:
                return PlaceOf(PlaceKind.WordEdge, 2);
            case ['\\', 'B', ..]:
                return PlaceOf(PlaceKind.NoWordEdge, 2);
            case ['.', ..]:
                _cursor.Skip(1);
                return OneOf(flags.DotAll ? RuneSet.All : RuneSet.NoLineFeed);
            case ['[', ..]:
                _cursor.CountNode();
                return new OneOf(Re2Classes.Read(_cursor, flags.Folds));
            case ['\\', ..]:
                return Re2Escapes.Class(_cursor, flags.Folds) is { } set ? OneOf(set) : Literal(Re2Escapes.Rune(_cursor), flags);
            default:
                return Literal(_cursor.Next(), flags);
        }
    }

    private Place PlaceOf(PlaceKind kind, int length)
    {
        _cursor.Skip(length);
        _cursor.CountNode();
        return new Place(kind);
    }

    private OneOf Literal(int rune, Re2Flags flags)
    {
        var set = RuneSet.Of(rune);
        return OneOf(flags.Folds ? CaseFolding.Fold(set) : set);
    }

    private OneOf OneOf(RuneSet set)
    {
        _cursor.CountNode();
        _cursor.CountRanges(set.Ranges.Count);
        return new OneOf(set);
    }

    /// <summary>What .NET's linear-time engine lacks too.</summary>
    internal static ArgumentException NotInRe2() =>
        new("look-around, back-references, atomic groups and conditions are not part of RE2");
}
