using System.Globalization;
using System.Text;

namespace Metrics.Text.Expressions;

/// <summary>Writes an expression for .NET, where the option Singleline is set: sets as they are in UTF-16, no flags.</summary>
/// <param name="inUtf16">A set in units of UTF-16.</param>
internal sealed class Re2Writer(Func<RuneSet, RuneSet> inUtf16)
{
    /// <summary>
    /// The end of a text. .NET loses the groups of a match up to a last line feed unless there is a <c>\Z</c>, which adds nothing.
    /// </summary>
    public const string TextEnd = @"\z\Z";

    private const string NoWordEdge = @"(?:\B|\B\Z)";

    private const string SpecialInSet = @"\[]^";

    /// <summary>The most signs that are written.</summary>
    private const int MaxText = 4_000_000;

    private readonly StringBuilder _text = new();

    /// <summary>The classes that were written already.</summary>
    private readonly Dictionary<RuneSet, string> _written = [];

    /// <summary>The pattern; null where it is too large.</summary>
    public string? Write(Re2Node tree)
    {
        Add(tree);
        return _text.Length > MaxText ? null : _text.ToString();
    }

    private void Add(Re2Node node)
    {
        if (_text.Length > MaxText)
            return;
        switch (node)
        {
            case OneOf one:
                AddSet(one.Set);
                break;
            case Place place:
                _text.Append(place.Kind switch
                {
                    PlaceKind.TextStart => @"\A",
                    PlaceKind.TextEnd => TextEnd,
                    PlaceKind.LineStart => "(?m:^)",
                    PlaceKind.LineEnd => "(?m:$)",
                    PlaceKind.WordEdge => @"\b",
                    _ => NoWordEdge,
                });
                break;
            case Sequence sequence:
                foreach (Re2Node part in sequence.Parts)
                    AddGrouped(part, part is Choice);
                break;
            case Choice choice:
                AddChoice(choice);
                break;
            case CaptureGroup capture:
                _text.Append('(');
                Add(capture.Part);
                _text.Append(')');
                break;
            case Repeat { Min: 1, Max: 1 } once:
                AddGrouped(once.Part, once.Part is Choice);
                break;
            case Repeat repeat:
                AddGrouped(repeat.Part, repeat.Part is not (OneOf or CaptureGroup));
                AddCounts(repeat);
                break;
        }
    }

    /// <summary>An empty alternative behind one that may be empty adds nothing, and .NET would make the other greedy.</summary>
    private void AddChoice(Choice choice)
    {
        Add(choice.Parts[0]);
        bool mayBeEmpty = MayBeEmpty(choice.Parts[0]);
        foreach (Re2Node part in choice.Parts.Skip(1))
        {
            if (mayBeEmpty && part is Sequence { Parts.Count: 0 })
                continue;
            _text.Append('|');
            Add(part);
            mayBeEmpty |= MayBeEmpty(part);
        }
    }

    private static bool MayBeEmpty(Re2Node node) => node switch
    {
        Repeat repeat => repeat.Min == 0 || MayBeEmpty(repeat.Part),
        CaptureGroup capture => MayBeEmpty(capture.Part),
        Sequence sequence => sequence.Parts.All(MayBeEmpty),
        Choice choice => choice.Parts.Any(MayBeEmpty),
        _ => false,
    };

    private void AddGrouped(Re2Node part, bool isGroup)
    {
        _text.Append(isGroup ? "(?:" : "");
        Add(part);
        _text.Append(isGroup ? ")" : "");
    }

    private void AddCounts(Repeat repeat)
    {
        string counts = (repeat.Min, repeat.Max) switch
        {
            (0, null) => "*",
            (1, null) => "+",
            (0, 1) => "?",
            (_, null) => $"{{{repeat.Min},}}",
            _ when repeat.Min == repeat.Max => $"{{{repeat.Min}}}",
            _ => $"{{{repeat.Min},{repeat.Max}}}",
        };
        _text.Append(counts).Append(repeat.IsLazy ? "?" : "");
    }

    private void AddSet(RuneSet set)
    {
        if (_written.TryGetValue(set, out string? written))
        {
            _text.Append(written);
            return;
        }
        int start = _text.Length;
        WriteSet(set);
        if (set.Ranges.Count > 1)
            _written[set] = _text.ToString(start, _text.Length - start);
    }

    private void WriteSet(RuneSet set)
    {
        if (set.IsAll)
        {
            _text.Append('.');
            return;
        }
        RuneSet units = inUtf16(set);
        if (units.Ranges is [var (low, high)] && low == high)
        {
            AddUnit(low, @"\*+?|{[()^$.");
            return;
        }
        RuneSet others = RuneSet.Of([.. units.Inverted().Ranges.Where(r => r.Low <= char.MaxValue)]);
        bool isInverted = units.Ranges.Count == 0 || (others.Ranges.Count > 0 && others.Ranges.Count < units.Ranges.Count);
        _text.Append(isInverted ? "[^" : "[");
        foreach ((int first, int last) in isInverted ? others.Ranges : units.Ranges)
        {
            AddUnit(first, SpecialInSet);
            if (first < last)
            {
                _text.Append('-');
                AddUnit(Math.Min(last, char.MaxValue), SpecialInSet);
            }
        }
        _text.Append(']');
    }

    private void AddUnit(int unit, string special)
    {
        // .NET takes no \- for the end of a range.
        if (unit is < ' ' or > '~' or '-')
            _text.Append(CultureInfo.InvariantCulture, $"\\u{unit:X4}");
        else if (special.Contains((char)unit, StringComparison.Ordinal))
            _text.Append('\\').Append((char)unit);
        else
            _text.Append((char)unit);
    }
}
