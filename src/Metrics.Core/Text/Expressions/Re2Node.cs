namespace Metrics.Text.Expressions;

/// <summary>A part of an expression.</summary>
/// <param name="Height">How deep parts lie in it: who walks through it goes as deep.</param>
/// <param name="Size">How many code points, places and empty texts it names, each copy of a repetition counted.</param>
internal abstract record Re2Node(int Height, long Size);

/// <summary>One code point of a set.</summary>
internal sealed record OneOf(RuneSet Set) : Re2Node(1, 1);

/// <summary>A place, not a text.</summary>
internal sealed record Place(PlaceKind Kind) : Re2Node(1, 1);

/// <summary>One part behind another; none is the empty text.</summary>
internal sealed record Sequence(IReadOnlyList<Re2Node> Parts)
    : Re2Node(1 + Parts.Select(p => p.Height).DefaultIfEmpty().Max(), Math.Max(1, Parts.Sum(p => p.Size)));

/// <summary>Alternatives, the first that matches first.</summary>
internal sealed record Choice(IReadOnlyList<Re2Node> Parts) : Re2Node(1 + Parts.Max(p => p.Height), Parts.Sum(p => p.Size));

/// <summary>A part again and again; without a maximum where it is null.</summary>
internal sealed record Repeat(Re2Node Part, int Min, int? Max, bool IsLazy)
    : Re2Node(1 + Part.Height, Part.Size * Math.Max(1, Max ?? Min));

/// <summary>A part whose text is kept.</summary>
internal sealed record CaptureGroup(Re2Node Part) : Re2Node(1 + Part.Height, Part.Size);

/// <summary>Places in a text.</summary>
internal enum PlaceKind
{
    /// <summary><c>^</c>, <c>\A</c></summary>
    TextStart,

    /// <summary><c>$</c>, <c>\z</c></summary>
    TextEnd,

    /// <summary><c>^</c> under the flag m</summary>
    LineStart,

    /// <summary><c>$</c> under the flag m</summary>
    LineEnd,

    /// <summary><c>\b</c>, of letters, digits and underscores of ASCII</summary>
    WordEdge,

    /// <summary><c>\B</c></summary>
    NoWordEdge,
}
