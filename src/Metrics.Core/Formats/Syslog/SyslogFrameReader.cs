namespace Metrics.Formats.Syslog;

/// <summary>How messages are told apart on a stream.</summary>
public enum SyslogFraming
{
    /// <summary>Found out for each message: a count and a blank before <c>&lt;</c> is a count, all else ends at a line end.</summary>
    Auto,

    /// <summary><c>MSG-LEN SP MSG</c> (RFC 6587, section 3.4.1; RFC 5425).</summary>
    OctetCounting,

    /// <summary>A line end or NUL behind each message (RFC 6587, section 3.4.2).</summary>
    NewLine,
}

/// <summary>What a look at the bytes of a stream gave.</summary>
public enum FrameResult
{
    /// <summary>A message.</summary>
    Frame,

    /// <summary>More bytes are needed.</summary>
    Incomplete,

    /// <summary>The stream is out of step and cannot come back into it.</summary>
    Invalid,
}

/// <summary>
/// Takes messages off the bytes of one stream. A message longer than the bound is cut there and the rest of it skipped, so that the stream
/// stays in step. Keeps only numbers between two calls; the caller keeps the bytes.
/// </summary>
/// <param name="framing">How messages are told apart.</param>
/// <param name="maxLength">Bytes of the longest message that is kept whole.</param>
public sealed class SyslogFrameReader(SyslogFraming framing, int maxLength)
{
    /// <summary>Longest count that can be meant: 999,999,999 octets.</summary>
    private const int MaxDigits = 9;

    /// <summary>Room that a buffer needs for one message of the greatest length.</summary>
    public int MaxBuffered { get; } = maxLength + MaxDigits + 2;

    /// <summary>Octets of a cut message that are still to be skipped.</summary>
    private long _skip;

    /// <summary>A cut message ends at the next line end.</summary>
    private bool _skipLine;

    /// <summary>Whether the message just read was cut.</summary>
    public bool WasCut { get; private set; }

    /// <summary>Takes the next message off the start of the bytes.</summary>
    /// <param name="rest">Bytes of the stream that were not taken yet; moved behind what was taken.</param>
    /// <param name="frame">The message without frame; empty unless the answer is <see cref="FrameResult.Frame"/>.</param>
    public FrameResult Read(ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> frame)
    {
        frame = default;
        WasCut = false;
        if (!TrySkip(ref rest))
            return FrameResult.Incomplete;
        rest = rest.TrimStart("\r\n\0"u8);
        if (rest.IsEmpty)
            return FrameResult.Incomplete;
        if (framing == SyslogFraming.NewLine)
            return ReadLine(ref rest, out frame);
        switch (ReadCount(rest, out int count, out int header))
        {
            case FrameResult.Frame:
                return ReadCounted(ref rest, count, header, out frame);
            case FrameResult.Incomplete:
                return FrameResult.Incomplete;
            default:
                return framing == SyslogFraming.Auto ? ReadLine(ref rest, out frame) : FrameResult.Invalid;
        }
    }

    /// <summary>Takes what is left when the stream has ended.</summary>
    /// <param name="rest">Bytes that were not taken.</param>
    /// <param name="frame">The message that was begun; empty when there is none.</param>
    /// <returns>Whether the message lacks its end for certain: its count promised more.</returns>
    public bool Finish(ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> frame)
    {
        frame = default;
        if (_skip > 0 || _skipLine)
            return _skip > 0;
        rest = rest.Trim("\r\n\0"u8);
        int header = 0;
        bool counted = framing != SyslogFraming.NewLine && ReadCount(rest, out _, out header) == FrameResult.Frame;
        frame = counted ? rest[header..] : rest;
        return counted || (framing == SyslogFraming.OctetCounting && !rest.IsEmpty);
    }

    private bool TrySkip(ref ReadOnlySpan<byte> rest)
    {
        if (_skip > 0)
        {
            int now = (int)Math.Min(_skip, rest.Length);
            rest = rest[now..];
            _skip -= now;
            return _skip == 0;
        }
        if (!_skipLine)
            return true;
        int end = rest.IndexOfAny((byte)'\n', (byte)0);
        rest = end < 0 ? default : rest[(end + 1)..];
        _skipLine = end < 0;
        return !_skipLine;
    }

    private FrameResult ReadLine(ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> frame)
    {
        int end = rest.IndexOfAny((byte)'\n', (byte)0);
        if (end >= 0 && end <= maxLength)
        {
            frame = rest[..end].TrimEnd((byte)'\r');
            rest = rest[(end + 1)..];
            return FrameResult.Frame;
        }
        frame = default;
        if (rest.Length <= maxLength)
            return FrameResult.Incomplete;
        frame = rest[..maxLength];
        rest = rest[maxLength..];
        WasCut = _skipLine = true;
        return FrameResult.Frame;
    }

    private FrameResult ReadCounted(ref ReadOnlySpan<byte> rest, int count, int header, out ReadOnlySpan<byte> frame)
    {
        frame = default;
        int kept = Math.Min(count, maxLength);
        if (rest.Length < header + kept)
            return FrameResult.Incomplete;
        frame = rest.Slice(header, kept);
        rest = rest[(header + kept)..];
        _skip = count - kept;
        WasCut = _skip > 0;
        return FrameResult.Frame;
    }

    /// <summary>Reads <c>MSG-LEN SP</c>; where framing is found out, the <c>&lt;</c> of a priority must follow.</summary>
    private FrameResult ReadCount(ReadOnlySpan<byte> text, out int count, out int header)
    {
        (count, header) = (0, 0);
        int at = 0;
        while (at < text.Length && at <= MaxDigits && char.IsAsciiDigit((char)text[at]))
        {
            count = at < MaxDigits ? (count * 10) + text[at] - '0' : count;
            at++;
        }
        // MSG-LEN begins with no zero: so much is known by the first octet, however the stream is cut.
        if (at > MaxDigits || (at > 0 && text[0] == '0'))
            return FrameResult.Invalid;
        if (at == text.Length)
            return FrameResult.Incomplete;
        if (at == 0 || text[at] != ' ')
            return FrameResult.Invalid;
        header = at + 1;
        if (framing == SyslogFraming.OctetCounting)
            return FrameResult.Frame;
        return header == text.Length ? FrameResult.Incomplete : text[header] == '<' ? FrameResult.Frame : FrameResult.Invalid;
    }
}
