using System.Buffers;
using System.Buffers.Text;
using System.Net;
using Metrics.Model;

namespace Metrics.Formats.Logs;

/// <summary>
/// Small steps over the bytes of a log record, from left to right; what does not fit leaves them as they are. Pure; allocates nothing.
/// </summary>
internal static class LogText
{
    private const long NanosecondsPerMicrosecond = 1_000;
    private const long NanosecondsPerMillisecond = 1_000_000;
    private const int MaxAddressLength = 45;

    private static readonly SearchValues<byte> s_addressBytes = SearchValues.Create("0123456789abcdefABCDEF.:"u8);

    /// <summary>Takes what stands before the next of a byte, and the byte.</summary>
    /// <param name="rest">Moved behind the byte.</param>
    /// <param name="end">The byte.</param>
    /// <param name="taken">What stands before it.</param>
    /// <param name="max">The longest that it may be; bounds the look where there is none.</param>
    public static bool TryTakeUntil(this scoped ref ReadOnlySpan<byte> rest, byte end, out ReadOnlySpan<byte> taken, int max = 256)
    {
        int at = rest[..Math.Min(rest.Length, max + 1)].IndexOf(end);
        taken = at < 0 ? default : rest[..at];
        if (at < 0)
            return false;
        rest = rest[(at + 1)..];
        return true;
    }

    /// <summary>Takes what stands before a mark, and the mark.</summary>
    public static bool TryTakeUntil(
        this scoped ref ReadOnlySpan<byte> rest, scoped ReadOnlySpan<byte> mark, out ReadOnlySpan<byte> taken)
    {
        int at = rest.IndexOf(mark);
        taken = at < 0 ? default : rest[..at];
        if (at < 0)
            return false;
        rest = rest[(at + mark.Length)..];
        return true;
    }

    /// <summary>The word up to the next blank, or all of it.</summary>
    public static ReadOnlySpan<byte> FirstWord(ReadOnlySpan<byte> text)
    {
        int at = text.IndexOf((byte)' ');
        return at < 0 ? text : text[..at];
    }

    /// <summary>Takes the word up to the next blank, and the blank; all where none is left.</summary>
    public static ReadOnlySpan<byte> TakeWord(this scoped ref ReadOnlySpan<byte> rest)
    {
        ReadOnlySpan<byte> word = FirstWord(rest);
        rest = rest[Math.Min(word.Length + 1, rest.Length)..];
        return word;
    }

    /// <summary>Without the blanks and tabs before it.</summary>
    public static ReadOnlySpan<byte> TrimBlanks(ReadOnlySpan<byte> text) => text.TrimStart(" \t"u8);

    /// <summary>Takes the first line of a record of several, without its end; or all of it.</summary>
    public static ReadOnlySpan<byte> TakeLine(this scoped ref ReadOnlySpan<byte> rest)
    {
        int end = rest.IndexOf((byte)'\n');
        ReadOnlySpan<byte> line = end < 0 ? rest : rest[..end];
        rest = end < 0 ? default : rest[(end + 1)..];
        return line.TrimEnd((byte)'\r');
    }

    /// <summary>Takes the digits that stand next; empty where there are none.</summary>
    public static ReadOnlySpan<byte> TakeDigits(this scoped ref ReadOnlySpan<byte> rest)
    {
        int end = rest.IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        ReadOnlySpan<byte> digits = end < 0 ? rest : rest[..end];
        rest = rest[digits.Length..];
        return digits;
    }

    /// <summary>Takes a text off the start.</summary>
    public static bool TryTake(this scoped ref ReadOnlySpan<byte> rest, scoped ReadOnlySpan<byte> start)
    {
        if (!rest.StartsWith(start))
            return false;
        rest = rest[start.Length..];
        return true;
    }

    /// <summary>Takes a text off the end.</summary>
    public static bool TryTakeEnd(this scoped ref ReadOnlySpan<byte> rest, scoped ReadOnlySpan<byte> end)
    {
        if (!rest.EndsWith(end))
            return false;
        rest = rest[..^end.Length];
        return true;
    }

    /// <summary>Whether it is one digit or more, and nothing else.</summary>
    public static bool IsNumber(ReadOnlySpan<byte> text) => !text.IsEmpty && !text.ContainsAnyExceptInRange((byte)'0', (byte)'9');

    /// <summary>Whether it is an address, of either version; one of four numbers or of IPv6 without a zone.</summary>
    public static bool IsAddress(ReadOnlySpan<byte> text) =>
        text.Length is >= 2 and <= MaxAddressLength
        && !text.ContainsAnyExcept(s_addressBytes)
        && (text.Contains((byte)':') || text.Count((byte)'.') == 3)
        && IPAddress.IsValidUtf8(text);

    /// <summary>
    /// Sets from where it came: <c>source.ip</c> for an address (that of the older version where one of the newer holds it,
    /// <c>::ffff:192.0.2.1</c>), else <c>source.domain</c>; nothing for <c>-</c> and <c>UNKNOWN</c>.
    /// </summary>
    public static void SetSource(this LogRecord record, ReadOnlySpan<byte> source)
    {
        if (source.StartsWith("::ffff:"u8) && source.Contains((byte)'.'))
            source = source[7..];
        if (IsAddress(source))
            record.Set(EventFields.SourceIp, source);
        else if (!source.SequenceEqual("-"u8) && !source.SequenceEqual("UNKNOWN"u8))
            record.Set(EventFields.SourceDomain, source);
    }

    /// <summary>
    /// Takes <c>ADDRESS</c>, <c>ADDRESS:PORT</c>, <c>[ADDRESS]:PORT</c> apart; <c>port</c> is empty where there is none.
    /// </summary>
    public static bool TryEndpoint(ReadOnlySpan<byte> text, out ReadOnlySpan<byte> address, out ReadOnlySpan<byte> port)
    {
        address = text;
        port = default;
        int colon = text.LastIndexOf((byte)':');
        // Apache, HAProxy and RabbitMQ write 2001:db8::7:50022 without brackets; where :: is before the number, it is no port.
        if (colon > 0 && text[colon - 1] != ':' && IsNumber(text[(colon + 1)..]) && IsAddress(Bare(text[..colon])))
        {
            address = Bare(text[..colon]);
            port = text[(colon + 1)..];
            return true;
        }
        address = Bare(text);
        return IsAddress(address);
    }

    /// <summary>Sets <c>source.ip</c> and <c>source.port</c> from <c>ADDRESS[:PORT]</c>.</summary>
    public static bool TrySetSourceEndpoint(LogRecord record, ReadOnlySpan<byte> text)
    {
        if (!TryEndpoint(text, out ReadOnlySpan<byte> address, out ReadOnlySpan<byte> port))
            return false;
        SetSource(record, address);
        record.Set(EventFields.SourcePort, port);
        return true;
    }

    /// <summary>Sets <c>event.duration</c> from seconds such as <c>0.2477829</c>; nothing where it is no such number.</summary>
    public static void SetSeconds(LogRecord record, ReadOnlySpan<byte> seconds)
    {
        int point = seconds.IndexOf((byte)'.');
        if ((point < 0 ? seconds.Length : point) <= 9 && EpochTime.TryRead(seconds, out long duration))
            record.Set(EventFields.Duration, duration);
    }

    /// <summary>Sets <c>event.duration</c> from milliseconds.</summary>
    public static void SetMilliseconds(LogRecord record, ReadOnlySpan<byte> milliseconds) =>
        SetDuration(record, milliseconds, NanosecondsPerMillisecond);

    /// <summary>Sets <c>event.duration</c> from microseconds.</summary>
    public static void SetMicroseconds(LogRecord record, ReadOnlySpan<byte> microseconds) =>
        SetDuration(record, microseconds, NanosecondsPerMicrosecond);

    /// <summary>Without the dot that ends a sentence.</summary>
    public static ReadOnlySpan<byte> WithoutDot(ReadOnlySpan<byte> text) => text.EndsWith("."u8) ? text[..^1] : text;

    private static void SetDuration(LogRecord record, ReadOnlySpan<byte> number, long unit)
    {
        if (IsNumber(number) && number.Length <= 12 && Utf8Parser.TryParse(number, out long value, out _))
            record.Set(EventFields.Duration, value * unit);
    }

    private static ReadOnlySpan<byte> Bare(ReadOnlySpan<byte> text) =>
        text.Length > 2 && text[0] == '[' && text[^1] == ']' ? text[1..^1] : text;
}
