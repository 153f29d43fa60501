using System.Buffers;

namespace Metrics.Formats.Logs.Templates;

/// <summary>
/// Masks what changes from line to line, before lines are compared: numbers, addresses, ids, paths, dates. A mask is one byte, so that the
/// masked text is never longer than the text; <see cref="Show"/> makes words of them. Pure, allocates nothing, takes time linear in the
/// length.
/// </summary>
/// <remarks>The first step of Drain, which leaves the masks to whoever knows the logs: He et al., ICWS 2017, §III-A.</remarks>
public static class LineMask
{
    /// <summary>Bytes of a line that are looked at; what comes behind them says nothing new of its kind.</summary>
    public const int MaxLength = 1024;

    /// <summary>Stands for a word that holds digits, and for one that was found to change.</summary>
    public const byte Any = 1;

    /// <summary>The masks as people read them, by their bytes.</summary>
    private static readonly string[] s_shown = ["", "<*>", "<NUM>", "<HEX>", "<IP>", "<UUID>", "<PATH>"];

    private static readonly SearchValues<byte> s_ends = SearchValues.Create(" \t=,;()[]{}<>\"'|&?!`\u0001\u0002\u0003\u0004\u0005\u0006"u8);
    private static readonly SearchValues<byte> s_digitsAndSlash = SearchValues.Create("0123456789/\\"u8);

    /// <summary>Masks a line.</summary>
    /// <param name="line">UTF-8; what stands behind its first line end, or behind <see cref="MaxLength"/>, is left out.</param>
    /// <param name="masked">Gets it; of <see cref="MaxLength"/> bytes at least.</param>
    /// <returns>How many bytes it is; blanks are single, and a list of masks is one mask.</returns>
    public static int Mask(ReadOnlySpan<byte> line, Span<byte> masked)
    {
        line = line[..Math.Min(line.Length, MaxLength)];
        int end = line.IndexOf((byte)'\n');
        ReadOnlySpan<byte> rest = (end < 0 ? line : line[..end]).TrimEnd(" \t\r"u8);
        int length = 0;
        while (!rest.IsEmpty)
        {
            int word = rest.IndexOfAny(s_ends);
            if (word != 0)
            {
                ReadOnlySpan<byte> text = word < 0 ? rest : rest[..word];
                rest = rest[text.Length..];
                AddWord(text, rest, masked, ref length);
                continue;
            }
            byte separator = rest[0];
            rest = rest[1..];
            if (separator is (byte)'\t' or < (byte)' ')
                separator = (byte)' ';
            if (separator != ' ' || (length > 0 && masked[length - 1] != ' '))
                masked[length++] = separator;
        }
        return length > 0 && masked[length - 1] == ' ' ? length - 1 : length;
    }

    /// <summary>A masked text as people read it.</summary>
    public static string Show(string masked)
    {
        for (int mask = 1; mask < s_shown.Length; mask++)
            masked = masked.Replace(((char)mask).ToString(), s_shown[mask], StringComparison.Ordinal);
        return masked;
    }

    private static void AddWord(ReadOnlySpan<byte> word, ReadOnlySpan<byte> rest, Span<byte> masked, ref int length)
    {
        if (!word.ContainsAny(s_digitsAndSlash))
        {
            if (word.Length == 3 && IsDateWord(word, rest))
            {
                AddMask(WordKind.Number, masked, ref length);
                return;
            }
            word.CopyTo(masked[length..]);
            length += word.Length;
            return;
        }
        ReadOnlySpan<byte> core = word.TrimEnd(":.%"u8);
        WordKind kind = WordKinds.Of(core);
        if (kind == WordKind.Text)
        {
            word.CopyTo(masked[length..]);
            length += word.Length;
            return;
        }
        AddMask(kind, masked, ref length);
        foreach (byte mark in word[core.Length..])
            masked[length++] = mark;
    }

    /// <summary>Of a list of equal masks, with commas or blanks between, one stays: lists have any length.</summary>
    private static void AddMask(WordKind kind, Span<byte> masked, ref int length)
    {
        byte mask = (byte)kind;
        int before = masked[..length].TrimEnd(" ,"u8).Length;
        if (before > 0 && before < length && masked[before - 1] == mask)
            length = before;
        else
            masked[length++] = mask;
    }

    /// <summary>The name of a month or day where a date goes on behind it.</summary>
    private static bool IsDateWord(ReadOnlySpan<byte> word, ReadOnlySpan<byte> rest)
    {
        if (word[0] is < (byte)'A' or > (byte)'Z' || rest.Length < 2 || rest[0] is not ((byte)' ' or (byte)','))
            return false;
        ReadOnlySpan<byte> next = rest.TrimStart(" ,"u8);
        if (next.IsEmpty || !(char.IsAsciiDigit((char)next[0]) || char.IsAsciiLetterUpper((char)next[0])))
            return false;
        return "JanFebMarAprMayJunJulAugSepOctNovDecMonTueWedThuFriSatSun"u8.IndexOf(word) is >= 0 and var at && at % 3 == 0;
    }
}
