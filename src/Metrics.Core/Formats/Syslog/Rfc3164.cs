namespace Metrics.Formats.Syslog;

/// <summary>RFC 3164 behind its priority, as it is really sent.</summary>
/// <remarks>
/// <code>
/// Mmm dd hh:mm:ss HOST TAG[PID]: MSG           RFC 3164; host, tag and number may each be missing
/// 2026-11-26T10:00:00.123456+01:00 HOST TAG: …  rsyslog's RSYSLOG_ForwardFormat
/// 29: *Mar  1 18:46:11.123 UTC: %SYS-5-X: …     Cisco: sequence number; * and . say that its clock is not set
/// 29: edge1: *Mar  1 18:46:11: %SYS-5-X: …      Cisco with "logging origin-id"
/// </code>
/// </remarks>
internal static class Rfc3164
{
    /// <summary>Longest tag or process number that is taken for one.</summary>
    private const int MaxTagLength = 64;

    /// <summary>Longest host name (RFC 1035).</summary>
    private const int MaxHostLength = 255;

    /// <summary>Reads whatever there is; never fails.</summary>
    public static void Read(ReadOnlySpan<byte> text, long now, TimeZoneInfo zone, scoped ref SyslogMessage message)
    {
        ReadOnlySpan<byte> rest = text;
        if (TryReadTime(ref rest, now, zone, ref message))
        {
            message.Form = SyslogForm.Rfc3164;
            ReadHostAndTag(rest, ref message);
        }
        else if (TryReadCisco(ref rest, now, zone, ref message))
        {
            message.Form = SyslogForm.Rfc3164;
            message.Body = AfterTag(rest, isLone: false, ref message);
        }
        else
        {
            message.Body = message.Priority < 0 ? text : AfterTag(text, isLone: true, ref message);
        }
    }

    /// <summary>A time, which <c>*</c> or <c>.</c> may stand before, and the blank behind it.</summary>
    private static bool TryReadTime(ref ReadOnlySpan<byte> rest, long now, TimeZoneInfo zone, scoped ref SyslogMessage message)
    {
        ReadOnlySpan<byte> stamp = !rest.IsEmpty && rest[0] is (byte)'*' or (byte)'.' ? rest[1..] : rest;
        SyslogTimeState state = SyslogTime.ReadBsd(stamp, now, zone, out long time, out int length);
        if (length == 0)
            state = SyslogTime.ReadInternet(stamp, zone, out time, out length);
        if (length == 0 || (length < stamp.Length && stamp[length] != ' '))
            return false;
        message.TimeState = state;
        message.Time = time;
        // A colon that ends the time says that no host follows.
        rest = length < stamp.Length ? stamp[(stamp[length - 1] == ':' ? length : length + 1)..] : default;
        return true;
    }

    private static bool TryReadCisco(ref ReadOnlySpan<byte> rest, long now, TimeZoneInfo zone, scoped ref SyslogMessage message)
    {
        int digits = 0;
        while (digits < rest.Length && digits < 10 && char.IsAsciiDigit((char)rest[digits]))
            digits++;
        if (digits == 0 || !rest[digits..].StartsWith(": "u8))
            return false;
        ReadOnlySpan<byte> behind = rest[(digits + 2)..];
        ReadOnlySpan<byte> origin = default;
        if (!TryReadTime(ref behind, now, zone, ref message))
        {
            int end = behind.IndexOf(": "u8);
            if (end is < 1 or > MaxHostLength || behind[..end].Contains((byte)' '))
                return false;
            origin = behind[..end];
            behind = behind[(end + 2)..];
            if (!TryReadTime(ref behind, now, zone, ref message))
                return false;
        }
        message.Host = origin;
        rest = behind.TrimStart((byte)' ');
        return true;
    }

    private static void ReadHostAndTag(ReadOnlySpan<byte> rest, scoped ref SyslogMessage message)
    {
        if (!rest.IsEmpty && rest[0] == ' ')
        {
            message.Body = AfterTag(rest.TrimStart((byte)' '), isLone: false, ref message);
            return;
        }
        int end = rest.IndexOf((byte)' ');
        ReadOnlySpan<byte> first = end < 0 ? rest : rest[..end];
        if (end >= 0 && IsHost(first))
        {
            message.Host = first;
            rest = rest[(end + 1)..];
            if (rest.StartsWith(": "u8))
                rest = rest[2..];
        }
        message.Body = AfterTag(rest, isLone: false, ref message);
    }

    /// <summary>Names and addresses; what a colon ends or a bracket is in, is a tag.</summary>
    private static bool IsHost(ReadOnlySpan<byte> token)
    {
        if (token.Length is 0 or > MaxHostLength || token[^1] == ':')
            return false;
        foreach (byte c in token)
        {
            if (!char.IsAsciiLetterOrDigit((char)c)
                && c is not ((byte)'.' or (byte)'-' or (byte)'_' or (byte)':' or (byte)'/' or (byte)'%' or (byte)'@'))
                return false;
        }
        return true;
    }

    /// <summary>Takes <c>TAG:</c>, <c>TAG[PID]:</c> or <c>TAG[PID]</c> off a text.</summary>
    /// <param name="text">Where it may begin.</param>
    /// <param name="isLone">Nothing before it was a time, so that only the clearest forms count.</param>
    /// <param name="message">Gets tag and number.</param>
    /// <returns>The text behind it, or all of it.</returns>
    private static ReadOnlySpan<byte> AfterTag(ReadOnlySpan<byte> text, bool isLone, scoped ref SyslogMessage message)
    {
        int limit = Math.Min(text.Length, MaxTagLength + 1);
        for (int at = 0; at < limit && text[at] > ' '; at++)
        {
            if (text[at] == '[')
            {
                if (at == 0 || !TryNumberInBrackets(text[at..], out int length, out bool hasColon) || (isLone && !hasColon))
                    return text;
                message.App = text[..at];
                message.ProcessId = text.Slice(at + 1, length - (hasColon ? 3 : 2));
                return WithoutBlank(text[(at + length)..]);
            }
            if (text[at] == ':' && EndsTag(text, at, isLone))
            {
                message.App = text[..at];
                return WithoutBlank(text[(at + 1)..]);
            }
        }
        return text;
    }

    private static bool EndsTag(ReadOnlySpan<byte> text, int colon, bool isLone)
    {
        if (colon == 0)
            return false;
        if (colon + 1 == text.Length || text[colon + 1] == ' ')
            return true;
        // A colon within a word: an address, a time or a module's name (perl::module) is no tag.
        return !isLone && text[colon + 1] is not ((byte)':' or (byte)'/') && text[colon - 1] != ':' && !char.IsAsciiDigit((char)text[0]);
    }

    /// <summary><c>[PID]</c> or <c>[PID]:</c>, and then a blank or the end, or anything behind a colon.</summary>
    private static bool TryNumberInBrackets(ReadOnlySpan<byte> text, out int length, out bool hasColon)
    {
        int close = text[..Math.Min(text.Length, MaxTagLength + 2)].IndexOf((byte)']');
        length = close + 1;
        hasColon = close > 1 && length < text.Length && text[length] == ':';
        if (close < 2 || text[1..close].ContainsAnyInRange((byte)0, (byte)' '))
            return false;
        if (hasColon)
            length++;
        return hasColon || length == text.Length || text[length] == ' ';
    }

    private static ReadOnlySpan<byte> WithoutBlank(ReadOnlySpan<byte> text) => !text.IsEmpty && text[0] == ' ' ? text[1..] : text;
}
