using Metrics.Formats.Syslog;

namespace Metrics.Formats.Logs;

/// <summary>The ways of writing a time in logs, each at the start of a text. Pure; allocates nothing.</summary>
internal static class LogTimes
{
    private const int ClfLength = 26;

    /// <summary><c>YYYY-MM-DD hh:mm:ss[.fraction][±hhmm|Z]</c>, with <c>T</c> for the blank and a comma for the dot too.</summary>
    /// <param name="text">Where it begins.</param>
    /// <param name="zone">Where a time without zone is from.</param>
    /// <param name="time">Nanoseconds since 1970 UTC.</param>
    /// <param name="length">Bytes that it takes.</param>
    public static bool TryDate(ReadOnlySpan<byte> text, TimeZoneInfo zone, out long time, out int length)
    {
        time = 0;
        length = 0;
        if (text.Length < 19 || text[4] != '-' || text[10] is not ((byte)' ' or (byte)'T'))
            return false;
        if (text[11] != ' ')
            return SyslogTime.ReadDateAndClock(text, zone, out time, out length) == SyslogTimeState.Given;
        // MariaDB writes the hours before ten with a blank.
        Span<byte> padded = stackalloc byte[19];
        text[..19].CopyTo(padded);
        padded[11] = (byte)'0';
        return SyslogTime.ReadDateAndClock(padded, zone, out time, out length) == SyslogTimeState.Given;
    }

    /// <summary><c>dd/Mmm/yyyy:hh:mm:ss ±hhmm</c>, as in the Common Log Format.</summary>
    public static bool TryClf(ReadOnlySpan<byte> text, out long time)
    {
        time = 0;
        return text.Length == ClfLength && text[11] == ':' && text[20] == ' ' && SyslogTime.ReadOffset(text[21..], out _) is { } offset
            && TryDayMonthYear(text, TimeZoneInfo.Utc, offset, out time, out _);
    }

    /// <summary>
    /// <c>dd/Mmm/yyyy:hh:mm:ss[.fraction]</c> without zone, with a blank for the colon too: HAProxy's, and eventlet's.
    /// </summary>
    public static bool TryLocalClf(ReadOnlySpan<byte> text, TimeZoneInfo zone, out long time, out int length)
    {
        time = 0;
        length = 0;
        return text.Length >= 20 && text[11] is (byte)':' or (byte)' ' && TryDayMonthYear(text, zone, null, out time, out length);
    }

    /// <summary><c>Www Mmm dd hh:mm:ss[.fraction] yyyy</c>, as <c>ctime</c> and Apache's error log have it.</summary>
    public static bool TryCtime(ReadOnlySpan<byte> text, TimeZoneInfo zone, out long time)
    {
        time = 0;
        if (text.Length < 24 || text[3] != ' ' || text[7] != ' ' || text[10] != ' ')
            return false;
        int month = SyslogTime.MonthOf(text[4..]);
        int day = text[8] == ' ' ? Digit(text[9]) : TwoDigits(text[8..]);
        if (month == 0 || !SyslogTime.TryClock(text[11..], out int seconds, out int fraction, out int length))
            return false;
        ReadOnlySpan<byte> behind = text[(11 + length)..];
        if (behind.Length != 5 || behind[0] != ' ' || !SyslogTime.TryNumber(behind[1..], out int year)
            || !SyslogTime.TryCombine(year, month, day, seconds, null, zone, out time))
        {
            return false;
        }
        time += fraction;
        return true;
    }

    /// <summary><c>YYYY/MM/DD hh:mm:ss</c>, as nginx's error log has it.</summary>
    public static bool TrySlashed(ReadOnlySpan<byte> text, TimeZoneInfo zone, out long time)
    {
        time = 0;
        return text.Length >= 19 && text[4] == '/' && text[7] == '/' && text[10] == ' '
            && SyslogTime.TryNumber(text[..4], out int year)
            && SyslogTime.TryClock(text[11..], out int seconds, out _, out _)
            && SyslogTime.TryCombine(year, TwoDigits(text[5..]), TwoDigits(text[8..]), seconds, null, zone, out time);
    }

    /// <summary><c>YYMMDD hh:mm:ss</c>, with a blank for the first zero of the hour, as MySQL wrote it of old.</summary>
    public static bool TryShortDate(ReadOnlySpan<byte> text, TimeZoneInfo zone, out long time, out int length)
    {
        time = 0;
        length = 0;
        if (text.Length < 15 || text[6] != ' ' || text[9] != ':')
            return false;
        Span<byte> full = stackalloc byte[19];
        "20YY-MM-DD "u8.CopyTo(full);
        text[..2].CopyTo(full[2..]);
        text[2..4].CopyTo(full[5..]);
        text[4..6].CopyTo(full[8..]);
        text[7..15].CopyTo(full[11..]);
        if (!TryDate(full, zone, out time, out _))
            return false;
        length = 15;
        return true;
    }

    /// <summary><c>d-Mmm-yyyy::hh:mm:ss</c>, as Erlang's reports have it.</summary>
    public static bool TryErlang(ReadOnlySpan<byte> text, TimeZoneInfo zone, out long time)
    {
        time = 0;
        int dash = text.IndexOf((byte)'-');
        if (dash is not (1 or 2) || text.Length != dash + 19 || text[dash + 4] != '-' || !text.Slice(dash + 9, 2).SequenceEqual("::"u8))
            return false;
        return SyslogTime.TryNumber(text[..dash], out int day) && SyslogTime.TryNumber(text.Slice(dash + 5, 4), out int year)
            && SyslogTime.TryClock(text[(dash + 11)..], out int seconds, out _, out _)
            && SyslogTime.TryCombine(year, SyslogTime.MonthOf(text[(dash + 1)..]), day, seconds, null, zone, out time);
    }

    private static bool TryDayMonthYear(ReadOnlySpan<byte> text, TimeZoneInfo zone, int? offset, out long time, out int length)
    {
        time = 0;
        length = 0;
        if (text[2] != '/' || text[6] != '/' || SyslogTime.MonthOf(text[3..]) is not (> 0 and var month)
            || !SyslogTime.TryNumber(text[7..11], out int year)
            || !SyslogTime.TryClock(text[12..], out int seconds, out int fraction, out length)
            || !SyslogTime.TryCombine(year, month, TwoDigits(text), seconds, offset, zone, out time))
        {
            return false;
        }
        length += 12;
        time += fraction;
        return true;
    }

    /// <summary>0 to 99, or -1.</summary>
    private static int TwoDigits(ReadOnlySpan<byte> text) => SyslogTime.TryNumber(text[..2], out int number) ? number : -1;

    private static int Digit(byte c) => char.IsAsciiDigit((char)c) ? c - '0' : -1;
}
