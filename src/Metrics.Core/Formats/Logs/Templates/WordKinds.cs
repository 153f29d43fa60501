namespace Metrics.Formats.Logs.Templates;

/// <summary>What a word of a line is; the number is its mask.</summary>
internal enum WordKind : byte
{
    /// <summary>A word that stays.</summary>
    Text = 0,

    /// <summary>Letters and digits: a name with a number in it.</summary>
    Name = LineMask.Any,

    /// <summary>A number, a time, a date, an amount with its unit.</summary>
    Number,

    /// <summary>Hexadecimal: an address in memory, a hash, an id.</summary>
    Hex,

    /// <summary>An address of a network, with its port; a hardware address.</summary>
    Address,

    /// <summary>A UUID.</summary>
    Uuid,

    /// <summary>A path or URL.</summary>
    Path,
}

/// <summary>Tells the words apart that are masked.</summary>
internal static class WordKinds
{
    private const int UuidLength = 36;
    private const int MinHexLength = 8;
    private const int MaxUnitLength = 3;
    private const int MacColons = 5;

    /// <summary>What a word is that has a digit or a slash; marks at its end are taken off.</summary>
    public static WordKind Of(ReadOnlySpan<byte> word)
    {
        if (word.IsEmpty)
            return WordKind.Text;
        if (word.Length > 1 && (word[0] is (byte)'/' or (byte)'~' or (byte)'\\' || word.IndexOf("://"u8) > 0
            || word.StartsWith("./"u8) || word.StartsWith("../"u8)))
            return WordKind.Path;
        (int digits, int hex, int colons, int dots, int dashes) = (0, 0, 0, 0, 0);
        int others = 0;
        foreach (byte c in word)
        {
            if (char.IsAsciiDigit((char)c))
                digits++;
            else if (char.IsAsciiHexDigit((char)c))
                hex++;
            else if (c == ':')
                colons++;
            else if (c == '.')
                dots++;
            else if (c == '-')
                dashes++;
            else if (c is not ((byte)'+' or (byte)'%' or (byte)'/'))
                others++;
        }
        if (digits == 0)
            return WordKind.Text;
        if (others == 0 && hex == 0)
            return dots == 3 || colons == MacColons ? WordKind.Address : WordKind.Number;
        if (others == 0 && word.Length == UuidLength && dashes == 4)
            return WordKind.Uuid;
        if (others == 0 && colons >= 2 && dots is 0 or 3)
            return WordKind.Address;
        if (word.StartsWith("0x"u8) || (others == 0 && colons + dots + dashes == 0 && word.Length >= MinHexLength))
            return WordKind.Hex;
        return IsAmount(word) ? WordKind.Number : WordKind.Name;
    }

    /// <summary><c>12ms</c>, <c>3.5GiB</c>, <c>-0.5s</c>; <c>2026-11-26T10:00:00Z</c>.</summary>
    private static bool IsAmount(ReadOnlySpan<byte> word)
    {
        int unit = word.Length;
        while (unit > 0 && char.IsAsciiLetter((char)word[unit - 1]))
            unit--;
        if (word.Length - unit > MaxUnitLength || unit == 0)
            return false;
        foreach (byte c in word[..unit])
        {
            if (!char.IsAsciiDigit((char)c) && c is not ((byte)'.' or (byte)'-' or (byte)'+' or (byte)':' or (byte)'T'))
                return false;
        }
        return true;
    }
}
