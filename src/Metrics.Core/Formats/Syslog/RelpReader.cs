using System.Buffers;
using System.Globalization;
using System.Text;

namespace Metrics.Formats.Syslog;

/// <summary>One command of RELP. https://github.com/rsyslog/librelp/blob/master/doc/relp.html</summary>
/// <param name="Transaction">Its number, 0 to 999,999,999; counts up and begins again at 1.</param>
/// <param name="Command">What it asks: <c>open</c>, <c>syslog</c>, <c>close</c>, …</param>
/// <param name="Data">Its data, without trailer.</param>
/// <param name="WasCut">Whether the data were longer than the bound.</param>
public readonly ref struct RelpFrame(int Transaction, ReadOnlySpan<byte> Command, ReadOnlySpan<byte> Data, bool WasCut)
{
    /// <summary>Its number, which the answer bears.</summary>
    public int Transaction { get; } = Transaction;

    /// <summary>What it asks.</summary>
    public ReadOnlySpan<byte> Command { get; } = Command;

    /// <summary>Its data.</summary>
    public ReadOnlySpan<byte> Data { get; } = Data;

    /// <summary>Whether the data were longer than the bound.</summary>
    public bool WasCut { get; } = WasCut;
}

/// <summary>
/// Takes RELP's frames off the bytes of one stream. Data longer than the bound are cut there and the rest skipped, so that the stream stays
/// in step. Keeps only a number between two calls; the caller keeps the bytes.
/// </summary>
/// <param name="maxLength">Bytes of the longest data that are kept whole.</param>
/// <remarks>
/// <code>
/// TXNR SP COMMAND SP DATALEN [SP DATA] LF        TXNR, DATALEN: 1 to 9 digits; COMMAND: 1 to 32 letters; no SP DATA where DATALEN is 0
/// </code>
/// </remarks>
public sealed class RelpReader(int maxLength)
{
    private const int MaxDigits = 9;
    private const int MaxCommand = 32;
    private const int MaxHeader = MaxDigits + 1 + MaxCommand + 1 + MaxDigits + 1;

    /// <summary>Room that a buffer needs for one frame of the greatest length.</summary>
    public int MaxBuffered { get; } = maxLength + MaxHeader + 1;

    /// <summary>Octets of cut data and their trailer that are still to be skipped.</summary>
    private long _skip;

    /// <summary>Takes the next frame off the start of the bytes.</summary>
    /// <param name="rest">Bytes of the stream that were not taken yet; moved behind what was taken.</param>
    /// <param name="frame">The frame.</param>
    public FrameResult Read(ref ReadOnlySpan<byte> rest, out RelpFrame frame)
    {
        frame = default;
        int skipped = (int)Math.Min(_skip, rest.Length);
        rest = rest[skipped..];
        _skip -= skipped;
        if (_skip > 0 || rest.IsEmpty)
            return FrameResult.Incomplete;

        int at = 0;
        FrameResult result = ReadNumber(rest, ref at, out int transaction);
        if (result == FrameResult.Frame)
            result = Expect(rest, ref at, (byte)' ');
        int commandAt = at;
        if (result == FrameResult.Frame)
            result = ReadWord(rest, ref at);
        int commandEnd = at;
        if (result == FrameResult.Frame)
            result = Expect(rest, ref at, (byte)' ');
        int length = 0;
        if (result == FrameResult.Frame)
            result = ReadNumber(rest, ref at, out length);
        if (result == FrameResult.Frame && length > 0)
            result = Expect(rest, ref at, (byte)' ');
        if (result != FrameResult.Frame)
            return result;

        int kept = Math.Min(length, maxLength);
        bool cut = kept < length;
        // Some write the blank before no data too.
        if (length == 0 && at < rest.Length && rest[at] == ' ')
            at++;
        if (rest.Length < at + kept + (cut ? 0 : 1))
            return FrameResult.Incomplete;
        if (!cut && rest[at + kept] != '\n')
            return FrameResult.Invalid;
        frame = new RelpFrame(transaction, rest[commandAt..commandEnd], rest.Slice(at, kept), cut);
        rest = rest[(at + kept + (cut ? 0 : 1))..];
        _skip = cut ? length - kept + 1L : 0;
        return FrameResult.Frame;
    }

    /// <summary>Writes an answer: <c>TXNR rsp DATALEN DATA LF</c>.</summary>
    /// <param name="to">Written to the end of.</param>
    /// <param name="transaction">The number of the command.</param>
    /// <param name="data"><c>200 OK</c>, or a code above 299 and a reason.</param>
    public static void WriteResponse(ArrayBufferWriter<byte> to, int transaction, string data)
    {
        string blank = data.Length > 0 ? " " : "";
        string answer = string.Create(CultureInfo.InvariantCulture, $"{transaction} rsp {Encoding.UTF8.GetByteCount(data)}{blank}{data}\n");
        to.Write(Encoding.UTF8.GetBytes(answer));
    }

    private static FrameResult ReadNumber(ReadOnlySpan<byte> text, ref int at, out int number)
    {
        number = 0;
        int start = at;
        while (at < text.Length && at - start < MaxDigits && char.IsAsciiDigit((char)text[at]))
            number = (number * 10) + text[at++] - '0';
        if (at == text.Length)
            return FrameResult.Incomplete;
        return at > start ? FrameResult.Frame : FrameResult.Invalid;
    }

    private static FrameResult ReadWord(ReadOnlySpan<byte> text, ref int at)
    {
        int start = at;
        while (at < text.Length && at - start < MaxCommand && char.IsAsciiLetter((char)text[at]))
            at++;
        if (at == text.Length)
            return FrameResult.Incomplete;
        return at > start ? FrameResult.Frame : FrameResult.Invalid;
    }

    private static FrameResult Expect(ReadOnlySpan<byte> text, ref int at, byte wanted)
    {
        if (at == text.Length)
            return FrameResult.Incomplete;
        return text[at++] == wanted ? FrameResult.Frame : FrameResult.Invalid;
    }
}
