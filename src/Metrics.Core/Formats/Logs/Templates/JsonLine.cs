using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace Metrics.Formats.Logs.Templates;

/// <summary>
/// Finds in a line that is a JSON object what a program has said, and its level: members of the object itself, in whatever case, wherever
/// they stand. Needs no sound JSON, throws and allocates nothing, and takes time linear in the length.
/// </summary>
/// <remarks>
/// <code>
/// {"log":"Log line is here\n","stream":"stdout","time":"2019-01-01T11:11:11.111111111Z"}        Docker
/// {"user": "ann", "event": "user logged in", "level": "info"}                                   structlog
/// {"t":{"$date":"…"},"s":"I","c":"NETWORK","ctx":"listener","msg":"Listening on","attr":{…}}    MongoDB
/// </code>
/// </remarks>
public static class JsonLine
{
    /// <summary>Bytes of a line that are looked at.</summary>
    public const int MaxLength = 16 * 1024;

    /// <summary>An object within the text of another: a container's log of a program that writes JSON.</summary>
    private const int MaxDepth = 2;

    private static readonly SearchValues<byte> s_marks = SearchValues.Create("\"{}[]"u8);

    /// <summary>Whether a line may be such an object.</summary>
    public static bool Is(ReadOnlySpan<byte> line) => line.StartsWith("{"u8);

    /// <summary>Reads a line.</summary>
    /// <param name="line">UTF-8.</param>
    /// <param name="scratch">Gets the text where it has escapes; of <see cref="MaxLength"/> bytes, or the text is cut.</param>
    /// <param name="level">The level that the line names (<see cref="Metrics.Model.Severity"/>); 0 where it names none.</param>
    /// <returns>What was said; empty where it says nothing.</returns>
    public static ReadOnlySpan<byte> Read(ReadOnlySpan<byte> line, Span<byte> scratch, out byte level)
    {
        level = 0;
        for (int depth = 0; depth < MaxDepth && Is(line); depth++)
        {
            Find(line[..Math.Min(line.Length, MaxLength)], out ReadOnlySpan<byte> message, out ReadOnlySpan<byte> word);
            if (LogLevels.NumberOf(word) is > 0 and var named)
                level = named;
            // Escapes only shorten: what was read into the scratch before may be read out of it into itself.
            line = Unescape(message, scratch);
        }
        return line;
    }

    private static void Find(ReadOnlySpan<byte> json, out ReadOnlySpan<byte> message, out ReadOnlySpan<byte> level)
    {
        message = level = default;
        int best = int.MaxValue;
        // The object itself is 1; what is within it is passed over.
        for (int depth = 0; json.IndexOfAny(s_marks) is >= 0 and var at;)
        {
            byte mark = json[at];
            json = json[(at + 1)..];
            if (mark != '"')
            {
                depth += mark is (byte)'{' or (byte)'[' ? 1 : -1;
                if (depth == 0)
                    return;
                continue;
            }
            ReadOnlySpan<byte> name = TakeText(ref json);
            if (depth != 1 || !TryTakeColon(ref json) || json.IsEmpty || json[0] != '"')
                continue;
            json = json[1..];
            ReadOnlySpan<byte> value = TakeText(ref json);
            int rank = RankOf(name);
            if (rank < best && !value.IsEmpty)
            {
                best = rank;
                message = value;
            }
            else if (IsLevel(name))
            {
                level = value;
            }
        }
    }

    /// <summary>Takes what stands before the quote that ends a text, and that quote.</summary>
    private static ReadOnlySpan<byte> TakeText(scoped ref ReadOnlySpan<byte> json)
    {
        int end = 0;
        while (json[end..].IndexOfAny((byte)'"', (byte)'\\') is >= 0 and var at)
        {
            end += at;
            if (json[end] == '"')
            {
                ReadOnlySpan<byte> text = json[..end];
                json = json[(end + 1)..];
                return text;
            }
            end = Math.Min(end + 2, json.Length);
        }
        // It was cut off.
        ReadOnlySpan<byte> rest = json;
        json = default;
        return rest;
    }

    private static bool TryTakeColon(scoped ref ReadOnlySpan<byte> json)
    {
        ReadOnlySpan<byte> rest = json.TrimStart(" \t"u8);
        if (rest.IsEmpty || rest[0] != ':')
            return false;
        json = rest[1..].TrimStart(" \t"u8);
        return true;
    }

    /// <summary>Where several say something, which of them: the lowest.</summary>
    private static int RankOf(ReadOnlySpan<byte> name) => name.Length switch
    {
        7 when Ascii.EqualsIgnoreCase(name, "message"u8) => 0,
        3 when Ascii.EqualsIgnoreCase(name, "msg"u8) => 1,
        3 when Ascii.EqualsIgnoreCase(name, "log"u8) => 2,
        5 when Ascii.EqualsIgnoreCase(name, "event"u8) => 3,
        _ => int.MaxValue,
    };

    private static bool IsLevel(ReadOnlySpan<byte> name) =>
        Ascii.EqualsIgnoreCase(name, "level"u8) || Ascii.EqualsIgnoreCase(name, "levelname"u8)
        || Ascii.EqualsIgnoreCase(name, "loglevel"u8) || Ascii.EqualsIgnoreCase(name, "severity"u8);

    private static ReadOnlySpan<byte> Unescape(ReadOnlySpan<byte> text, Span<byte> scratch)
    {
        if (!text.Contains((byte)'\\'))
            return text;
        int length = 0;
        while (!text.IsEmpty && length < scratch.Length)
        {
            int plain = text.IndexOf((byte)'\\');
            ReadOnlySpan<byte> before = plain < 0 ? text : text[..plain];
            before = before[..Math.Min(before.Length, scratch.Length - length)];
            before.CopyTo(scratch[length..]);
            length += before.Length;
            if (plain < 0 || plain + 1 >= text.Length)
                break;
            byte mark = text[plain + 1];
            text = text[(plain + 2)..];
            if (mark == 'u')
                length += WriteRune(ref text, scratch[length..]);
            else if (length < scratch.Length)
                scratch[length++] = Escaped(mark);
        }
        return scratch[..length];
    }

    private static byte Escaped(byte mark) => mark switch
    {
        (byte)'n' => (byte)'\n',
        (byte)'r' => (byte)'\r',
        (byte)'t' or (byte)'b' or (byte)'f' => (byte)'\t',
        _ => mark,
    };

    /// <summary>Writes the sign of <c>\u00fc</c>; what is no sign, or has no room, as a question mark.</summary>
    private static int WriteRune(ref ReadOnlySpan<byte> text, Span<byte> to)
    {
        if (to.IsEmpty)
            return 0;
        char first = TakeHex(ref text);
        if (!Rune.TryCreate(first, out Rune rune) && char.IsHighSurrogate(first) && text.StartsWith("\\u"u8))
        {
            text = text[2..];
            Rune.TryCreate(first, TakeHex(ref text), out rune);
        }
        // A sign that is no text, such as NUL, could be taken for a mask.
        if (rune.Value >= ' ' && rune.TryEncodeToUtf8(to, out int written))
            return written;
        to[0] = rune.Value is '\n' or '\r' ? (byte)'\n' : (byte)'?';
        return 1;
    }

    private static char TakeHex(ref ReadOnlySpan<byte> text)
    {
        if (text.Length < 4 || !Utf8Parser.TryParse(text[..4], out ushort code, out int used, 'x') || used != 4)
            return '\0';
        text = text[4..];
        return (char)code;
    }
}
