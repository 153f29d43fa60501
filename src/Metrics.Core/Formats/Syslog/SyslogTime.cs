namespace Metrics.Formats.Syslog;

/// <summary>The two ways of writing a time in syslog. Pure; allocates nothing.</summary>
internal static class SyslogTime
{
    private const long NanosecondsPerSecond = 1_000_000_000;
    private const long NanosecondsPerTick = 100;

    /// <summary>How far ahead of us a sender's clock may be, where the year is not sent: nanoseconds.</summary>
    private const long MaxAhead = 86_400 * NanosecondsPerSecond;

    /// <summary>First and last year that nanoseconds in 64 bits can name whole.</summary>
    private const int MinYear = 1678, MaxYear = 2261;

    /// <summary>February 29th comes back after four years, or after eight.</summary>
    private const int MaxYearsBack = 8;

    private static ReadOnlySpan<byte> Months => "JanFebMarAprMayJunJulAugSepOctNovDec"u8;

    /// <summary>
    /// Reads <c>YYYY-MM-DDThh:mm:ss[.fraction][Z|±hh:mm|±hhmm]</c> at the start of a text (RFC 3339; without zone it is local).
    /// </summary>
    /// <param name="text">Where it begins.</param>
    /// <param name="zone">Where a time without zone is from.</param>
    /// <param name="time">Nanoseconds since 1970 UTC.</param>
    /// <param name="length">Bytes that it takes; 0 where the text is in another form.</param>
    public static SyslogTimeState ReadInternet(ReadOnlySpan<byte> text, TimeZoneInfo zone, out long time, out int length)
    {
        time = 0;
        length = 0;
        return text.Length >= 19 && text[10] is (byte)'T' or (byte)'t'
            ? ReadDateAndClock(text, zone, out time, out length)
            : SyslogTimeState.Missing;
    }

    /// <summary>As <see cref="ReadInternet"/>, with any byte between day and hour: logs write a blank.</summary>
    internal static SyslogTimeState ReadDateAndClock(ReadOnlySpan<byte> text, TimeZoneInfo zone, out long time, out int length)
    {
        time = 0;
        length = 0;
        if (text.Length < 19 || text[4] != '-' || text[7] != '-'
            || !TryNumber(text[..4], out int year) || !TryNumber(text[5..7], out int month) || !TryNumber(text[8..10], out int day)
            || !TryClock(text[11..], out int seconds, out int fraction, out int clockLength))
        {
            return SyslogTimeState.Missing;
        }
        length = 11 + clockLength;
        int? offset = ReadOffset(text[length..], out int offsetLength);
        length += offsetLength;
        return TryCombine(year, month, day, seconds, offset, zone, out time) ? Finish(ref time, fraction) : SyslogTimeState.Malformed;
    }

    /// <summary>
    /// Reads <c>Mmm d hh:mm:ss</c> at the start of a text, with Cisco's additions: <c>Mmm d [yyyy] hh:mm:ss[.fraction] [yyyy|ZONE][:]</c>.
    /// </summary>
    /// <param name="text">Where it begins.</param>
    /// <param name="now">The present, nanoseconds since 1970 UTC; without year the time is the newest that is not over a day ahead of
    /// it.</param>
    /// <param name="zone">Where a time without zone is from.</param>
    /// <param name="time">Nanoseconds since 1970 UTC.</param>
    /// <param name="length">Bytes that it takes; 0 where the text is in another form.</param>
    public static SyslogTimeState ReadBsd(ReadOnlySpan<byte> text, long now, TimeZoneInfo zone, out long time, out int length)
    {
        time = 0;
        length = 0;
        int month = MonthOf(text);
        if (month == 0)
            return SyslogTimeState.Missing;
        int at = 3;
        if (!TryBlanks(text, ref at) || !TryDigits(text, ref at, 2, out int day) || !TryBlanks(text, ref at))
            return SyslogTimeState.Missing;
        int year = ReadYear(text, ref at, " "u8);
        if (year > 0 && !TryBlanks(text, ref at))
            return SyslogTimeState.Missing;
        if (!TryClock(text[at..], out int seconds, out int fraction, out int clockLength))
            return SyslogTimeState.Missing;
        at += clockLength;
        int? offset = null;
        if (at < text.Length && text[at] == ' ')
        {
            int behind = at + 1;
            if (year == 0 && (year = ReadYear(text, ref behind, " :"u8)) > 0)
                at = behind;
            else if (TryZoneName(text[behind..], out int zoneLength, out offset))
                at = behind + zoneLength;
        }
        if (at < text.Length && text[at] == ':')
            at++;
        if (at < text.Length && text[at] != ' ')
            return SyslogTimeState.Missing;
        length = at;
        bool known = year > 0
            ? TryCombine(year, month, day, seconds, offset, zone, out time)
            : TryNewest(month, day, seconds, offset, now, zone, out time);
        return known ? Finish(ref time, fraction) : SyslogTimeState.Malformed;
    }

    private static SyslogTimeState Finish(ref long time, int fraction)
    {
        time += fraction;
        return SyslogTimeState.Given;
    }

    private static bool TryNewest(int month, int day, int seconds, int? offset, long now, TimeZoneInfo zone, out long time)
    {
        int newest = DateTime.UnixEpoch.AddTicks((now + MaxAhead) / NanosecondsPerTick).Year + 1;
        for (int year = newest; year >= newest - MaxYearsBack - 1; year--)
        {
            if (TryCombine(year, month, day, seconds, offset, zone, out time) && time <= now + MaxAhead)
                return true;
        }
        time = 0;
        return false;
    }

    /// <summary>Nanoseconds since 1970 UTC of a day and the seconds since its midnight.</summary>
    internal static bool TryCombine(int year, int month, int day, int seconds, int? offset, TimeZoneInfo zone, out long time)
    {
        time = 0;
        if (year is < MinYear or > MaxYear || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month))
            return false;
        DateTime local = new DateTime(year, month, day, 0, 0, 0, DateTimeKind.Unspecified).AddSeconds(seconds);
        TimeSpan ahead = offset is { } given ? TimeSpan.FromMinutes(given)
            : ReferenceEquals(zone, TimeZoneInfo.Utc) ? TimeSpan.Zero : zone.GetUtcOffset(local);
        time = (local - DateTime.UnixEpoch - ahead).Ticks * NanosecondsPerTick;
        return true;
    }

    /// <summary><c>hh:mm:ss[.fraction]</c>; a leap second is the second after.</summary>
    internal static bool TryClock(ReadOnlySpan<byte> text, out int seconds, out int nanoseconds, out int length)
    {
        (seconds, nanoseconds, length) = (0, 0, 8);
        if (text.Length < 8 || text[2] != ':' || text[5] != ':'
            || !TryNumber(text[..2], out int hour) || !TryNumber(text[3..5], out int minute) || !TryNumber(text[6..8], out int second)
            || hour > 23 || minute > 59 || second > 60)
        {
            return false;
        }
        seconds = (hour * 3600) + (minute * 60) + second;
        if (text.Length < 10 || text[8] is not ((byte)'.' or (byte)',') || !char.IsAsciiDigit((char)text[9]))
            return true;
        int unit = (int)NanosecondsPerSecond;
        for (length = 9; length < text.Length && char.IsAsciiDigit((char)text[length]); length++)
        {
            unit /= 10;
            nanoseconds += (text[length] - '0') * unit;
        }
        return true;
    }

    /// <summary>Minutes east of Greenwich; null where none is given.</summary>
    internal static int? ReadOffset(ReadOnlySpan<byte> text, out int length)
    {
        length = 0;
        if (text.IsEmpty)
            return null;
        if (text[0] is (byte)'Z' or (byte)'z')
        {
            length = 1;
            return 0;
        }
        if (text[0] is not ((byte)'+' or (byte)'-') || text.Length < 5 || !TryNumber(text[1..3], out int hours))
            return null;
        int minutesAt = text[3] == ':' ? 4 : 3;
        if (text.Length < minutesAt + 2 || !TryNumber(text.Slice(minutesAt, 2), out int minutes) || hours > 23 || minutes > 59)
            return null;
        length = minutesAt + 2;
        int offset = (hours * 60) + minutes;
        return text[0] == '-' ? -offset : offset;
    }

    /// <summary>Three to five capitals and a colon, as Cisco writes them; only UTC and GMT are known, others are local.</summary>
    private static bool TryZoneName(ReadOnlySpan<byte> text, out int length, out int? offset)
    {
        length = 0;
        while (length < text.Length && length <= 5 && char.IsAsciiLetterUpper((char)text[length]))
            length++;
        offset = text.StartsWith("UTC:"u8) || text.StartsWith("GMT:"u8) ? 0 : null;
        return length is >= 3 and <= 5 && length < text.Length && text[length] == ':';
    }

    /// <summary>Four digits of a year of our time that one of some bytes (or the end) follows; 0 when there are none.</summary>
    private static int ReadYear(ReadOnlySpan<byte> text, ref int at, ReadOnlySpan<byte> followers)
    {
        ReadOnlySpan<byte> rest = text[at..];
        if (rest.Length < 4 || !TryNumber(rest[..4], out int year) || year is < 1970 or > 2199)
            return 0;
        if (rest.Length > 4 && !followers.Contains(rest[4]))
            return 0;
        at += 4;
        return year;
    }

    /// <summary>1 to 12 where a text begins with <c>Jan</c> to <c>Dec</c>, else 0.</summary>
    internal static int MonthOf(ReadOnlySpan<byte> text)
    {
        if (text.Length < 3)
            return 0;
        for (int month = 0; month < 12; month++)
        {
            if (text[..3].SequenceEqual(Months.Slice(month * 3, 3)))
                return month + 1;
        }
        return 0;
    }

    private static bool TryBlanks(ReadOnlySpan<byte> text, ref int at)
    {
        int start = at;
        while (at < text.Length && text[at] == ' ')
            at++;
        return at > start;
    }

    private static bool TryDigits(ReadOnlySpan<byte> text, ref int at, int max, out int number)
    {
        number = 0;
        int start = at;
        while (at < text.Length && at - start < max && char.IsAsciiDigit((char)text[at]))
            number = (number * 10) + text[at++] - '0';
        return at > start;
    }

    /// <summary>A number of digits alone, of up to four.</summary>
    internal static bool TryNumber(ReadOnlySpan<byte> digits, out int number)
    {
        number = 0;
        foreach (byte digit in digits)
        {
            if (!char.IsAsciiDigit((char)digit))
                return false;
            number = (number * 10) + digit - '0';
        }
        return true;
    }
}
