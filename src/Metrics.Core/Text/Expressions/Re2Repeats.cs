namespace Metrics.Text.Expressions;

/// <summary>
/// How often a part comes: <c>*</c>, <c>+</c>, <c>?</c>, <c>{2,5}</c>, each with <c>?</c> behind it where it takes little.
/// </summary>
internal sealed record Re2Repeats(int Min, int? Max, bool IsLazy)
{
    /// <summary>The most copies of a part.</summary>
    public const int MaxCopies = 1000;

    /// <summary>Reads one; null where none comes next.</summary>
    public static Re2Repeats? Read(Re2Cursor cursor, Re2Flags flags)
    {
        (int Min, int? Max)? counts = null;
        if (cursor.Takes("*"))
            counts = (0, null);
        else if (cursor.Takes("+"))
            counts = (1, null);
        else if (cursor.Takes("?"))
            counts = (0, 1);
        else if (cursor.Rest is ['{', ..])
            counts = Counts(cursor);
        if (counts is not { } known)
            return null;
        return new Re2Repeats(known.Min, known.Max, cursor.Takes("?") != flags.IsLazy);
    }

    /// <summary>Whether a repetition and all in it make no more copies of a part than they may.</summary>
    public bool FitsAround(Repeat repeat) =>
        Min <= MaxCopies && (Max is not { } max || (max <= MaxCopies && Min <= max))
        && ((Min < 2 && Max is null or < 2) || Fits(repeat, MaxCopies));

    private static bool Fits(Re2Node node, int copies)
    {
        switch (node)
        {
            case Repeat { Max: 0 }:
                return true;
            case Repeat repeat:
                int most = repeat.Max ?? repeat.Min;
                return most <= copies && Fits(repeat.Part, most > 0 ? copies / most : copies);
            case CaptureGroup capture:
                return Fits(capture.Part, copies);
            case Sequence sequence:
                return sequence.Parts.All(p => Fits(p, copies));
            case Choice choice:
                return choice.Parts.All(p => Fits(p, copies));
            default:
                return true;
        }
    }

    /// <summary>Counts in braces; what looks otherwise is no repetition, and its brace a sign like others.</summary>
    private static (int Min, int? Max)? Counts(Re2Cursor cursor)
    {
        int start = cursor.At;
        cursor.Skip(1);
        if (Number(cursor) is { } min)
        {
            int? max = min;
            bool isWhole = true;
            if (cursor.Takes(",") && cursor.Rest is not ['}', ..])
                isWhole = (max = Number(cursor)) is not null;
            else if (cursor.Since(start).EndsWith(','))
                max = null;
            if (isWhole && cursor.Takes("}"))
                return (min, max);
        }
        cursor.Return(start);
        return null;
    }

    private static int? Number(Re2Cursor cursor)
    {
        int digits = cursor.Rest.IndexOfAnyExceptInRange('0', '9');
        if (digits < 0)
            digits = cursor.Rest.Length;
        if (digits == 0 || (digits > 1 && cursor.Rest[0] == '0'))
            return null;
        int number = digits > 6 ? int.MaxValue : int.Parse(cursor.Rest[..digits], System.Globalization.CultureInfo.InvariantCulture);
        cursor.Skip(digits);
        return number;
    }
}
